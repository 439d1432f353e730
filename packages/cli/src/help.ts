/** What `--help` prints, by command. */
export const HELP = {
  ironflow: `Ironflow: live config documents and key-value buckets

Usage: ironflow <command> [options]

  serve                          start a server
  apikey create | list | revoke  manage the API keys of a running server
  backup <file>                  copy a server's data into one file, also while it runs
  restore <file>                 make a data directory from such a file
  --version, --help

ironflow <command> --help tells more.`,

  serve: `Usage: ironflow serve [options]

  --port <number>          port to listen on; 0: any that is free   IRONFLOW_PORT (9123)
  --host <address>         address to listen on                     IRONFLOW_HOST (127.0.0.1)
  --data <directory>       where the data is kept                   IRONFLOW_DATA (.ironflow)
  --dev                    no keys needed; loopback only            IRONFLOW_DEV
  --config <file>          a JSON file with these options           IRONFLOW_CONFIG
  --cors-origin <origin>   web origin that may call; repeatable     IRONFLOW_CORS_ORIGIN (comma-separated)
  --environment <name>     allow only this one; repeatable          IRONFLOW_ENVIRONMENTS (comma-separated)
  --tls-cert <file>        certificate chain, PEM                   IRONFLOW_TLS_CERT
  --tls-key <file>         its private key, PEM                     IRONFLOW_TLS_KEY
  --log-level <level>      trace debug info warn error silent       IRONFLOW_LOG_LEVEL (info)
  --accept-data-loss       start also where acknowledged writes were lost, in a new epoch

An option given here counts before its environment variable, and that before the file.
IRONFLOW_BOOTSTRAP_KEY gives the first admin key of a new data directory instead of a random one.`,

  apikey: `Usage: ironflow apikey create --name <name> --role <role> [--environment <name>] [--expires-at <time>] [--scope <scope>]...
       ironflow apikey list
       ironflow apikey revoke <id>

  --role <role>            admin, developer (reads and writes) or viewer (reads)
  --environment <name>     the only environment the key is for
  --expires-at <time>      when it stops working, RFC 3339: 2027-01-31T00:00:00Z
  --scope <scope>          narrows the role: read:config:app-*, write:kv:sessions; repeatable
  --json                   print the result as JSON
  --server-url <url>       the server                               IRONFLOW_SERVER_URL (http://localhost:9123)
  --api-key <key>          an admin key; better in the environment  IRONFLOW_API_KEY`,

  backup: `Usage: ironflow backup <file> [--data <directory>]

Copies the data of a server into <file>, which must not exist. The server may be running.
  --data <directory>       the data directory                       IRONFLOW_DATA (.ironflow)`,

  restore: `Usage: ironflow restore <file> [--data <directory>] [--force]

Makes a data directory from a backup. No server may be running on it.
  --data <directory>       the data directory                       IRONFLOW_DATA (.ironflow)
  --force                  replace the data that is there`,
}
