package probing

import (
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// held are connections that outlast the request in which they were made.
var held []net.Conn

// reach talks to who is behind the address that a variable has.
func reach(req Request) (r reply, known bool) {
	address := os.Getenv(req.Path)
	switch req.Action {
	case "reach": // says the data and hears the answer, N times at one time
		var mu sync.Mutex
		var all sync.WaitGroup
		for range max(1, req.N) {
			all.Go(func() {
				heard, err := ask(address, req.Data)
				mu.Lock()
				defer mu.Unlock()
				if r.data = heard; err != nil {
					r.names = append(r.names, err.Error())
				}
			})
		}
		all.Wait()
	case "pour": // says N bytes
		conn, err := net.Dial("tcp", address)
		buf := make([]byte, 64<<10)
		for err == nil && r.n < req.N {
			var n int
			n, err = conn.Write(buf[:min(int64(len(buf)), req.N-r.n)])
			r.n += int64(n)
		}
		r.text = text(err)
	case "drink": // hears until there is nothing more
		conn, err := net.Dial("tcp", address)
		if err == nil {
			r.n, err = io.Copy(io.Discard, conn)
		}
		r.text = text(err)
	case "hold": // says the data, and does not read for a while
		conn, err := net.Dial("tcp", address)
		if err == nil {
			held = append(held, conn)
			_, err = conn.Write(req.Data)
		}
		time.Sleep(time.Duration(req.N))
		r.text = text(err)
	case "held": // says something on what it held before
		for _, conn := range held {
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			_, err := conn.Write(req.Data)
			if err == nil {
				_, err = conn.Read(make([]byte, 1))
			}
			r.names = append(r.names, fmt.Sprint(err))
		}
	default:
		return r, false
	}
	return r, true
}

func ask(address string, say []byte) ([]byte, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.Write(say); err != nil {
		return nil, err
	}
	if half, can := conn.(interface{ CloseWrite() error }); can {
		if err := half.CloseWrite(); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(conn)
}
