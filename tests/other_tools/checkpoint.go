// Who signed which tree: the log's signature by Go's note package, and cosignatures, which it does not know.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const cosignatureV1 = 4

// cosigner checks C2SP cosignature/v1 signatures.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	header := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(header), msg...), sig[8:])
}

func newCosigner(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("a vkey is name+id+key")
	}
	key, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != cosignatureV1 {
		return nil, errors.New("not the key of a witness")
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if hash := binary.BigEndian.Uint32(digest[:]); fmt.Sprintf("%08x", hash) == parts[1] {
		return &cosigner{parts[0], hash, key[1:]}, nil
	}
	return nil, errors.New("the id does not follow from name and key")
}

type keys struct {
	log       note.Verifier
	witnesses []note.Verifier
}

func readKeys(path string) (keys, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return keys{}, err
	}
	var read keys
	for number, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		var key note.Verifier
		if number == 0 {
			key, err = note.NewVerifier(line)
			read.log = key
		} else {
			key, err = newCosigner(line)
			read.witnesses = append(read.witnesses, key)
		}
		if err != nil {
			return keys{}, fmt.Errorf("line %d: %w", number+1, err)
		}
	}
	return read, nil
}

// openCheckpoint gives the tree that the log signed, with at least quorum cosignatures.
func openCheckpoint(text []byte, known keys, quorum int) (tlog.Tree, error) {
	opened, err := note.Open(text, note.VerifierList(append([]note.Verifier{known.log}, known.witnesses...)...))
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, cosignatures := false, 0
	for _, signature := range opened.Sigs {
		// Go's note package takes base64 whose last character has spare bits set.
		if _, err := base64.StdEncoding.Strict().DecodeString(signature.Base64); err != nil {
			return tlog.Tree{}, fmt.Errorf("the signature by %s is spelled loosely", signature.Name)
		}
		if signature.Name == known.log.Name() && signature.Hash == known.log.KeyHash() {
			signed = true
		} else {
			cosignatures++
		}
	}
	if !signed {
		return tlog.Tree{}, errors.New("the log has not signed it")
	}
	if cosignatures < quorum {
		return tlog.Tree{}, fmt.Errorf("%d witnesses cosigned it, not %d", cosignatures, quorum)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != known.log.Name() {
		return tlog.Tree{}, errors.New("it is no checkpoint of this log")
	}
	size, err := number(lines[1])
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := hash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// number reads a decimal that is spelled as Go would spell it.
func number(text string) (int64, error) {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < 0 || strconv.FormatInt(value, 10) != text {
		return 0, fmt.Errorf("%q is no number", text)
	}
	return value, nil
}

// hash reads a hash that is spelled as Go would spell it.
func hash(text string) (tlog.Hash, error) {
	value, err := tlog.ParseHash(text)
	if err != nil || value.String() != text {
		return tlog.Hash{}, fmt.Errorf("%q is no hash", text)
	}
	return value, nil
}
