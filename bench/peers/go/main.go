// Go's standard library alone: net and bufio.
//
//	client HOST PORT len|line sum|echo PAYLOAD
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// More than a read brings as a rule: measured faster than 64 KiB.
const readBytes = 256 << 10

const fieldBytes = 4

// meter counts bytes and takes the time of the first one.
type meter struct {
	conn  net.Conn
	bytes int64
	wall  time.Time
	cpu   time.Duration
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.conn.Read(p)
	if m.bytes == 0 && n > 0 {
		m.wall, m.cpu = time.Now(), cpuTime()
	}
	m.bytes += int64(n)
	return n, err
}

// cpuTime is the user and system time of the whole process.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fail(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

type count struct{ frames, sum uint64 }

func readLengthPrefixed(r *bufio.Reader, answers io.Writer) (count, error) {
	var total count
	for {
		head, err := r.Peek(4)
		if err != nil {
			if err == io.EOF && len(head) == 0 {
				err = nil
			}
			return total, err
		}
		length := int(binary.BigEndian.Uint32(head))
		if length < fieldBytes || length > readBytes-4 {
			return total, fmt.Errorf("expected a length of %d to %d, got %d", fieldBytes, readBytes-4, length)
		}
		frame, err := r.Peek(4 + length)
		if err != nil {
			return total, err
		}
		total.frames++
		total.sum += uint64(binary.BigEndian.Uint32(frame[4:]))
		if answers != nil {
			if _, err := answers.Write(frame[4:8]); err != nil {
				return total, err
			}
		}
		if _, err := r.Discard(4 + length); err != nil {
			return total, err
		}
	}
}
func readLines(r *bufio.Reader, answers io.Writer) (count, error) {
	var total count
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			if err == io.EOF && len(line) == 0 {
				err = nil
			}
			return total, err
		}
		if len(line) <= fieldBytes {
			return total, fmt.Errorf("expected a line of at least %d bytes, got %d", fieldBytes, len(line)-1)
		}
		total.frames++
		total.sum += uint64(binary.BigEndian.Uint32(line))
		if answers != nil {
			if _, err := answers.Write(line[:4]); err != nil {
				return total, err
			}
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "client:", err)
	os.Exit(1)
}

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: client HOST PORT len|line sum|echo PAYLOAD")
		os.Exit(2)
	}
	conn, err := net.Dial("tcp", net.JoinHostPort(os.Args[1], os.Args[2]))
	if err != nil {
		fail(err)
	}
	framing := readLengthPrefixed
	if os.Args[3] == "line" {
		framing = readLines
	}
	var answers io.Writer
	if os.Args[4] == "echo" {
		answers = conn
	}
	m := &meter{conn: conn}
	total, err := framing(bufio.NewReaderSize(m, readBytes), answers)
	if err != nil {
		fail(err)
	}
	fmt.Printf("{\"frames\":%d,\"sum\":\"%d\",\"bytes\":%d,\"wall_ns\":%d,\"cpu_ns\":%d}\n",
		total.frames, total.sum, m.bytes, time.Since(m.wall).Nanoseconds(), (cpuTime() - m.cpu).Nanoseconds())
}
