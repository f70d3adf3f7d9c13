package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Server answers on observe.listen:
//
//	GET /metrics   the metrics, in the text format or what else the scraper asks for, compressed where it asks for that
//	GET /healthz   200 as long as the process lives
//	GET /readyz    200 when the collector gets on with its work, else 503 and a line for each reason
//
// There is nothing else: no list of pages, no profiles, no other method. It asks for no password, so the address decides who sees
// the pages.
type Server struct {
	listener  net.Listener
	http      *http.Server
	serving   sync.Mutex   // held by Serve
	answering sync.RWMutex // read-held by each answer
	closing   sync.Once
	closed    error
}

// scrapes at once are enough for a pair of scrapers and somebody who looks; each holds a page in memory.
const scrapes = 4

// farewell is how long answers that are under way have when the server is closed.
const farewell = time.Second

// Listen takes the address, HOST:PORT, so that an address which cannot be had is known before anything is collected. Its errors
// say what to type; the caller, who knows where the address stands in the config, names the key. Close gives the address back, also when Serve was never called.
func Listen(address string, m *Metrics, h *Health, logger *slog.Logger) (*Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, listenError(address, err)
	}
	s := &Server{listener: listener}
	s.http = &http.Server{
		Handler:           s.pages(m, h, logger),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute, // longer than the usual time between scrapes
		MaxHeaderBytes:    8 << 10,
		// What the library complains of is how somebody else's connection ended.
		ErrorLog:                     slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
		DisableGeneralOptionsHandler: true,
	}
	return s, nil
}

// Addr is where the server listens; its port is known also where the config says 0.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers until ctx is done or Close is called, and returns when all is quiet. It may be called once.
func (s *Server) Serve(ctx context.Context) error {
	s.serving.Lock()
	defer s.serving.Unlock()
	stop := context.AfterFunc(ctx, func() { _ = s.shutdown() }) // its error comes back below
	defer stop()
	err := s.http.Serve(s.listener)
	// It returns at the beginning of a shutdown. This second call waits for the end of the first.
	if closed := s.shutdown(); errors.Is(err, http.ErrServerClosed) {
		return closed
	}
	return fmt.Errorf("observe.listen: %w", err)
}

// Close ends Serve and waits for it. Answers under way have a second.
func (s *Server) Close() error {
	err := s.shutdown()
	s.serving.Lock()
	defer s.serving.Unlock()
	return err
}

func (s *Server) shutdown() error {
	s.closing.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), farewell)
		defer cancel()
		err := s.http.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = s.http.Close()
			// An answer that was being written finds its connection closed.
			s.answering.Lock()
			defer s.answering.Unlock()
		}
		// Without Serve, the library does not know the listener.
		if closed := s.listener.Close(); !errors.Is(closed, net.ErrClosed) {
			err = errors.Join(err, closed)
		}
		if err != nil {
			s.closed = fmt.Errorf("close observe.listen: %w", err)
		}
	})
	return s.closed
}

func (s *Server) pages(m *Metrics, h *Health, logger *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            scrapeLog{logger},
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: scrapes,
	}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		text(w, http.StatusOK, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if reasons := h.Reasons(); len(reasons) > 0 {
			text(w, http.StatusServiceUnavailable, reasons...)
			return
		}
		text(w, http.StatusOK, "ready")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.answering.RLock()
		defer s.answering.RUnlock()
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

func text(w http.ResponseWriter, status int, lines ...string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, strings.Join(lines, "\n")+"\n") // the client has gone: nobody is left to tell
}

// scrapeLog tells of metrics that could not be collected. The page then has the others.
type scrapeLog struct{ logger *slog.Logger }

func (l scrapeLog) Println(v ...any) {
	l.logger.Warn("metrics", "error", strings.TrimSpace(fmt.Sprintln(v...)))
}

func listenError(address string, err error) error {
	host, port, split := net.SplitHostPort(address)
	if split != nil {
		return fmt.Errorf("%q is no address; write HOST:PORT such as 127.0.0.1:9750, or off", address)
	}
	errno, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return fmt.Errorf("%w; write HOST:PORT such as 127.0.0.1:9750, or off", err)
	}
	hint := "write another address, or off"
	switch errno {
	case syscall.EADDRINUSE:
		another := "9750"
		if n, err := strconv.ParseUint(port, 10, 16); err == nil && n < 65535 {
			another = strconv.FormatUint(n+1, 10)
		}
		hint = fmt.Sprintf("another program has it: write another port, for instance listen: %q, or off", net.JoinHostPort(host, another))
	case syscall.EACCES:
		hint = fmt.Sprintf("write a port from 1024 on, for instance listen: %q, or off", net.JoinHostPort(host, "9750"))
	case syscall.EADDRNOTAVAIL:
		hint = fmt.Sprintf("this machine does not have it: write 127.0.0.1:%s, 0.0.0.0:%s for all that it has, or off", port, port)
	}
	return fmt.Errorf("%s: %w; %s", address, errno, hint)
}
