// Checks a published log with the Go project's own packages (golang.org/x/mod/sumdb/note and tlog), which know nothing of
// junkyo. Usage: logcheck FOLDER LOG-KEY [WITNESS-KEY…], commands on standard input, one answer a line:
//
//	record I   proof that entry I is in the log, made and checked
//	tree M     root of the first M entries, and proof that the log continues it, made and checked
package main

import (
	"bufio"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// cosignature is a witness (C2SP tlog-cosignature), which the package does not know.
type cosignature struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosignature) Name() string    { return c.name }
func (c cosignature) KeyHash() uint32 { return c.hash }

func (c cosignature) Verify(msg, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	text := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.key, []byte(text), sig[8:])
}

func witness(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("witness key %q", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return nil, fmt.Errorf("witness key %q", vkey)
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(digest[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, fmt.Errorf("id of witness key %q", vkey)
	}
	return cosignature{parts[0], hash, ed25519.PublicKey(key[1:])}, nil
}

// tiles reads the published files. The package puts the height of a tile into its path, C2SP does not.
type tiles struct{ folder string }

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(t.folder, path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// entry reads one entry from its tile.
func entry(folder string, index, size int64) ([]byte, error) {
	width := size - index/256*256
	if width > 256 {
		width = 256
	}
	tile := tlog.Tile{H: 8, L: 0, N: index / 256, W: int(width)}
	path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(folder, path))
	if err != nil {
		return nil, err
	}
	for i := index % 256; ; i-- {
		length := int(binary.BigEndian.Uint16(data))
		if i == 0 {
			return data[2 : 2+length], nil
		}
		data = data[2+length:]
	}
}

func run() error {
	folder := os.Args[1]
	log, err := note.NewVerifier(os.Args[2])
	if err != nil {
		return err
	}
	verifiers := []note.Verifier{log}
	for _, vkey := range os.Args[3:] {
		verifier, err := witness(vkey)
		if err != nil {
			return err
		}
		verifiers = append(verifiers, verifier)
	}
	message, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	signed, err := note.Open(message, note.VerifierList(verifiers...))
	if err != nil {
		return err
	}
	if len(signed.Sigs) != len(verifiers) || len(signed.UnverifiedSigs) != 0 {
		return fmt.Errorf("%d signatures of %d verifiers", len(signed.Sigs), len(verifiers))
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != log.Name() || lines[3] != "" {
		return fmt.Errorf("no checkpoint: %q", signed.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, tiles{folder})
	computed, err := tlog.TreeHash(size, reader)
	if err != nil {
		return err
	}
	if computed != root {
		return fmt.Errorf("the tiles lead to %v, the checkpoint has %v", computed, root)
	}
	fmt.Printf("log %d %v\n", size, root)
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		var command string
		var number int64
		if _, err := fmt.Sscanf(input.Text(), "%s %d", &command, &number); err != nil {
			return err
		}
		var proof []tlog.Hash
		answer := command
		switch command {
		case "record":
			data, err := entry(folder, number, size)
			if err != nil {
				return err
			}
			made, err := tlog.ProveRecord(size, number, reader)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(made, size, root, number, tlog.RecordHash(data)); err != nil {
				return fmt.Errorf("entry %d: %w", number, err)
			}
			proof = made
		case "tree":
			old, err := tlog.TreeHash(number, reader)
			if err != nil {
				return err
			}
			made, err := tlog.ProveTree(size, number, reader)
			if err != nil {
				return err
			}
			if err := tlog.CheckTree(made, size, root, number, old); err != nil {
				return fmt.Errorf("tree %d: %w", number, err)
			}
			answer += " " + old.String()
			proof = made
		default:
			return fmt.Errorf("unknown command %q", command)
		}
		for _, hash := range proof {
			answer += " " + hash.String()
		}
		fmt.Println(answer)
	}
	return input.Err()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
}
