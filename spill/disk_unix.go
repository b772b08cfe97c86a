//go:build unix

package spill

import (
	"errors"
	"os"
	"syscall"
)

// unlinkOpen says whether an open file can be unlinked and used on.
const unlinkOpen = true

// openFlags are added when a temporary file is created: nobody may have put a
// link in its place.
const openFlags = syscall.O_NOFOLLOW

// isQuotaError recognises a full disk quota.
func isQuotaError(err error) bool { return errors.Is(err, syscall.EDQUOT) }

// isOurs says whether a directory can only hold what this user put there, so
// that opening and removing files in it harms nobody: temp_directory may be
// writable by everyone.
func isOurs(fi os.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && fi.IsDir() && fi.Mode().Perm()&0o077 == 0 && int(st.Uid) == os.Geteuid()
}

// processDied reports whether there is no process of that number.
func processDied(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
