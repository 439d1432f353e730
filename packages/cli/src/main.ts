process.stderr.write('ironflow: no command is available yet\n')
process.exitCode = 1
