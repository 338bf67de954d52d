package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// leave is how long requests under way may take to end when the gateway stops.
const leave = 10 * time.Second

// Serve opens a gateway and serves it on a listener, with TLS when both files are named, until ctx ends: then it returns nil
// after the requests under way are done. It closes the listener. ready is called once before it serves.
func Serve(ctx context.Context, cfg Config, listener net.Listener, certFile, keyFile string, ready func()) error {
	defer listener.Close()
	s, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	ready()
	running, stop := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	tasks.Go(func() { s.Run(running) })
	web := s.HTTPServer()
	tasks.Go(func() {
		<-running.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), leave)
		defer cancel()
		if err := web.Shutdown(last); err != nil {
			web.Close() // whoever is still connected is cut off
		}
	})
	if certFile != "" {
		err = web.ServeTLS(listener, certFile, keyFile)
	} else {
		err = web.Serve(listener)
	}
	stop()
	tasks.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	} else {
		err = fmt.Errorf("gateway: serve on %s: %w", listener.Addr(), err)
	}
	return errors.Join(err, s.Close())
}
