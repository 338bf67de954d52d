package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// neighbourAddress is where somebody else's container listens.
const neighbourAddress = "127.0.0.1:4242"

// Attempts of a program that may reach the store.
func init() {
	for name, attempt := range map[string]func(order) (int64, error){
		"reach-tcp":       func(o order) (int64, error) { return reached(answered("tcp", o.TCP)) },
		"reach-dns":       func(o order) (int64, error) { return reached(answered("udp", o.UDP)) },
		"reach-abstract":  func(o order) (int64, error) { return reached(answered("unix", o.Abstract)) },
		"reach-engine":    func(o order) (int64, error) { return reached(attempts["engine"](o)) },
		"reach-neighbour": func(order) (int64, error) { return reached(answered("tcp", neighbourAddress)) },
		"reach-metadata": func(order) (int64, error) {
			c, err := net.Dial("udp", "169.254.169.254:80") // no packet is sent: it asks for a way
			if err != nil {
				return 0, err
			}
			return 1, c.Close()
		},
		"reach-proxy":    func(o order) (int64, error) { return reached(led(o.TCP)) },
		"reach-many":     func(o order) (int64, error) { return many(o.N) },
		"reach-sent":     func(o order) (int64, error) { return poured(o.N) },
		"reach-received": func(o order) (int64, error) { return drunk(o.N) },
		"reach-silence":  func(o order) (int64, error) { return silent(time.Duration(o.N)) },
	} {
		alone[name] = attempt
	}
}

func reached(what string, err error) (int64, error) {
	if err == nil && what == "" {
		err = errNothing
	}
	return int64(len(what)), err
}

// shop connects to the store and says a word.
func shop(word string) (net.Conn, error) {
	c, err := net.Dial("tcp", os.Getenv("AIN_STORAGE"))
	if err != nil {
		return nil, err
	}
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return nil, err
	}
	_, err = io.WriteString(c, word)
	return c, err
}

func led(address string) (string, error) {
	c, err := shop("CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n\r\n")
	if err != nil {
		return "", err
	}
	defer c.Close()
	answer, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: http.MethodConnect})
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", errors.New(answer.Status)
	}
	if _, err := io.WriteString(c, "hello"); err != nil {
		return "", err
	}
	return heard(c)
}

// many holds n connections at one time.
func many(n int64) (int64, error) {
	for got := range n {
		c, err := shop("hold\n")
		if err != nil {
			return got, err
		}
		if err := c.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
			return got, err
		}
		kept = append(kept, c)
		if _, err := c.Read(make([]byte, 1)); err != nil {
			return got, fmt.Errorf("%d of %d: %w", got, n, err)
		}
	}
	return n, nil
}

// kept keeps connections from being collected.
var kept []net.Conn

func poured(n int64) (int64, error) {
	c, err := shop("pour\n")
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if _, err := io.CopyN(c, zeros{}, n); err != nil {
		return 0, err
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		return 0, err
	}
	var got int64
	_, err = fmt.Fscan(c, &got)
	return got, err
}

func drunk(n int64) (int64, error) {
	c, err := shop("drink\n")
	if err != nil {
		return 0, err
	}
	defer c.Close()
	return io.CopyN(io.Discard, c, n)
}

// silent says nothing for a while, and then a word.
func silent(wait time.Duration) (int64, error) {
	c, err := shop("hold\n")
	if err != nil {
		return 0, err
	}
	defer c.Close()
	answer := make([]byte, 1)
	if _, err := c.Read(answer); err != nil {
		return 0, err
	}
	time.Sleep(wait)
	if _, err := io.WriteString(c, "again"); err != nil {
		return 0, err
	}
	_, err = c.Read(answer)
	return 1, err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// listenToNeighbours answers whoever reaches this container.
func listenToNeighbours() {
	l, err := net.Listen("tcp", neighbourAddress)
	if err != nil {
		return
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(c, "neighbour")
		_ = c.Close()
	}
}
