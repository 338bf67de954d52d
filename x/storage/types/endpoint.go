package types

import (
	"strconv"
	"strings"
)

// mostHostBytes is the longest name of a host, mostLabelBytes the longest part of one.
const (
	mostHostBytes  = 253
	mostLabelBytes = 63
	mostPort       = 65_535
)

// ValidateEndpoint wants https://host or https://host:port in lower case, or http:// where host is this machine, and
// nothing after it. It looks nothing up.
func ValidateEndpoint(endpoint string, p Params) error {
	if len(endpoint) > int(p.MaxEndpointBytes) {
		return ErrLimit.Wrapf("endpoint: %d bytes of at most %d", len(endpoint), p.MaxEndpointBytes)
	}
	scheme, rest, found := strings.Cut(endpoint, "://")
	if !found || scheme != "https" && scheme != "http" {
		return ErrInvalid.Wrapf("endpoint: %.100q; give https://host or https://host:port", endpoint)
	}
	host := rest
	if end := strings.LastIndexByte(rest, ':'); end > strings.LastIndexByte(rest, ']') {
		host = rest[:end]
		port := rest[end+1:]
		if n, err := strconv.ParseUint(port, 10, 32); err != nil || n == 0 || n > mostPort || strconv.FormatUint(n, 10) != port {
			return ErrInvalid.Wrapf("endpoint: %.100q: %.20q is no port; give 1 to %d", endpoint, port, mostPort)
		}
	}
	if !isHost(host) {
		return ErrInvalid.Wrapf("endpoint: %.100q: %.100q is no host; give a name in lower case, or an address, and no path", endpoint, host)
	}
	if scheme == "http" && !isLoopback(host) {
		return ErrInvalid.Wrapf("endpoint: %.100q: plain http is for 127.0.0.1, [::1] and localhost; give https", endpoint)
	}
	return nil
}

// isHost says whether a host is a DNS name, an IPv4 address, or an IPv6 address in brackets.
func isHost(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		return ok && strings.Contains(inner, ":") && strings.Trim(inner, "0123456789abcdef:.") == ""
	}
	if host == "" || len(host) > mostHostBytes {
		return false
	}
	for _, label := range strings.Split(host, ".") {
		if label == "" || len(label) > mostLabelBytes || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

func isLoopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "[::1]"
}
