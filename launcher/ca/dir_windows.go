package ca

import "os"

// owned has no simple answer here; a user's temporary folder is the user's.
func owned(os.FileInfo) bool { return true }
