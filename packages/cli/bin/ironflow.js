#!/usr/bin/env node
// Committed, not built: a package manager links no command whose file is missing at install time.
import '../dist/main.js'
