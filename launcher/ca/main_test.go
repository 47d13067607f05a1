package ca

import (
	"bufio"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// The test binary is also a run that holds a folder until its input ends, or it
// is killed: with the first argument "@hold".
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "@hold" {
		hold(os.Args[2])
		return
	}
	goleak.VerifyTestMain(m)
}

// hold prints the path of its folder.
func hold(parent string) {
	d, err := MakeDir(parent)
	if err == nil {
		_, err = d.Write("roots.pem", []byte("roots"))
	}
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	fmt.Println(d.Path())
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
}
