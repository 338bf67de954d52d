// Command worker reads the height of the chain and an object of the store, over the ways that its node gives it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

func main() {
	var question struct{ URL string }
	if err := json.NewDecoder(os.Stdin).Decode(&question); err != nil {
		fail(err)
	}
	var header struct {
		Result struct{ Header struct{ Height string } }
	}
	block := "/header"
	if question.URL == "" {
		block += "?height=1" // to qualify everybody has to give the same answer
	}
	body, _ := get(http.DefaultClient, os.Getenv("AIN_CHAIN")+block)
	if err := json.Unmarshal(body, &header); err != nil {
		fail(fmt.Errorf("header: %w: %s", err, body))
	}
	reading := map[string]string{"height": header.Result.Header.Height}
	_, reading["refused"] = get(http.DefaultClient, os.Getenv("AIN_CHAIN")+"/broadcast_tx_sync?tx=0x00")
	if question.URL != "" {
		content, _ := get(store(), question.URL)
		reading["content"] = string(content)
		address, err := url.Parse(question.URL)
		if err != nil {
			fail(err)
		}
		_, err = net.DialTimeout("tcp", address.Host, 5*time.Second)
		reading["beyond"] = fmt.Sprint(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(reading); err != nil {
		fail(err)
	}
}

// store talks to the store whatever the host of a URL is.
func store() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, os.Getenv("AIN_STORAGE"))
	}}}
}

func get(client *http.Client, url string) (body []byte, status string) {
	answer, err := client.Get(url)
	if err != nil {
		fail(err)
	}
	defer answer.Body.Close()
	if body, err = io.ReadAll(answer.Body); err != nil {
		fail(err)
	}
	return body, answer.Status
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
