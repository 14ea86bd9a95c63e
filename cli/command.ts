/** A command that is not a verb of a service. Its module exports `run(argv, global)`, which resolves with the exit code. */
export type Command = {
  /** The module, named from the top without its ending; only the command that is used is loaded. */
  readonly module: string;
  readonly text: string;
  readonly usage: string;
};

/** Every such command by its name. */
export const commands: Readonly<Record<string, Command>> = {
  up: {
    module: 'cli/up',
    text: 'Start the platform and print its doors.',
    usage: [
      'gamut up [--only SERVICE,...] [--ports auto|usual] [--detach] [--open] [--host ADDRESS] [--region NAME]',
      '         [--domains NAME,...]',
      '         [--sql URL] [--log URL] [--mail URL] [--blobs URL]',
      '         [--geo FILE] [--outbound HOST:PORT,...] [--witness FILE] [--standby ledger,log]',
      '         [--workers storage=N]',
      '         [--otlp URL] [--reserve SIZE] [--in-process]',
      '  --only        run these services and what they need; all otherwise',
      '  --ports       usual: the port of each protocol where it is free; auto: any free port',
      '  --detach      return when all is ready, and leave the platform running',
      '  --open        callers without credentials become the dev tenant (loopback only)',
      '  --host        address to listen on, 127.0.0.1 if not said',
      '  --region      name of this region, us-east-1 if not said',
      '  --domains     base names: buckets are <bucket>.s3.NAME, their websites <bucket>.s3-website.NAME, pages of payments checkout.NAME',
      '  --sql         an external PostgreSQL: postgres://user:password@host/database',
      '  --mail        a mail server: smtp://user:password@host',
      '  --log         another Kafka for views and events: kafka://user:password@host:9092?prefix=PREFIX, kafkas:// over TLS;',
      '                names of topics begin with the environment and a dot where no prefix is said',
      '  --blobs       any S3 for bytes that outgrow the disk, of objects and of logs: https://KEY:SECRET@host/BUCKET/PREFIX?region=REGION',
      '                or s3://KEY:SECRET@BUCKET/PREFIX?region=REGION&endpoint=https://host',
      '  --geo         where networks are (CSV: network, latitude, longitude): sign-ins from two distant places at once are stopped',
      '  --outbound    private addresses that webhooks may call all the same',
      '  --standby     services that a second process keeps as well, ready to take over: ledger, log',
      '  --workers     processes that share the work of a service, each on a core of its own: storage=2',
      '  --witness     a policy (C2SP tlog-policy): who cosigns the audit log, and which logs are cosigned here',
      '  --otlp        where every process sends its spans and metrics, by OTLP over HTTP',
      '  --reserve     changes stop while less than this is free on the disk, 2G if not said',
      '  --in-process  all parts in one process, for tests',
    ].join('\n'),
  },
  down: { module: 'cli/down', text: 'End the platform; returns when all its processes have ended.', usage: 'gamut down' },
  status: { module: 'cli/status', text: 'Show the processes of the platform; exits with 3 when none runs.', usage: 'gamut status' },
  audit: {
    module: 'cli/audit',
    text: 'Verify, read, export and prove the audit log.',
    usage: [
      'gamut audit verify [DIRECTORY] [--key FILE]    every log below it, by its files and the public key alone',
      'gamut audit verify --witness FILE              and that the witnesses of this policy cosigned it',
      'gamut audit verify --proof FILE --key FILE     a proof that was saved',
      'gamut audit tail [--limit N] [--follow] [--tenant T]',
      'gamut audit export [--after N] [--tenant T]    OCSF API Activity events, one on a line',
      'gamut audit prove RECORD [--from N] [--log NAME] [--tenant T]',
      'gamut audit key [LOG | witness]                the public keys, as verifier lines of signed notes',
      '  --key     verifier lines or PEM; the keys beside the logs if not said, which proves less',
      '  --from    prove that the log of so many records is the beginning of this one',
      '  --log     root for the log of all checkpoints; the log of the organization if not said',
    ].join('\n'),
  },
  connect: {
    module: 'cli/connect',
    text: "Lead a port of this machine to a service's TLS door, for clients that speak plain text only.",
    usage: [
      'gamut connect ledger [HOST:PORT] [--credential ID | --certificate FILE] [--ca FILE] [--port N]',
      '  HOST:PORT      the door ledger.tunnel; that of the platform on this machine if not said',
      '  --credential   have a client certificate issued for this credential, by GAMUT_URL or the platform on this machine',
      '  --certificate  a client certificate and its key, in PEM',
      '  --ca           the authority that the door is known by; that of the platform on this machine if not said',
      '  --port         the port here, any free one if not said',
    ].join('\n'),
  },
  'storage-node': {
    module: 'cli/storage-node',
    text: 'Hold drives for the storage of a platform, here or on another machine.',
    usage: [
      'gamut storage-node --listen ADDRESS --key FILE --drive DIRECTORY [--drive DIRECTORY ...]',
      'gamut storage-node --new-key FILE',
      '  --listen   unix:/PATH or tls://HOST:PORT; what `topology.json` of the storage calls the address of this node',
      '  --key      the key that this node and the storage share; nobody else may read the file',
      '  --drive    a directory that is there; storage takes it when it is empty, or its own',
      '  --new-key  make such a key, and end',
    ].join('\n'),
  },
  tour: { module: 'cli/tour', text: 'See the platform at work, from an organization to its bill.', usage: 'gamut tour' },
  test: { module: 'cli/test', text: 'Run the tests.', usage: 'gamut test [FILE ...]' },
  conform: { module: 'conform/main', text: 'Run unmodified foreign clients and suites.', usage: 'gamut conform [--record] [CLIENT ...]' },
  bench: { module: 'bench/main', text: 'Run the benchmarks, ours and the peer in one run.', usage: 'gamut bench [NAME ...]' },
  tidy: { module: 'tidy/main', text: 'Check the style of the repository.', usage: 'gamut tidy' },
  generate: { module: 'cli/generate', text: 'Write the reference pages and contract.json anew.', usage: 'gamut generate [--check]' },
  pack: { module: 'cli/pack', text: 'Make the package that is installed elsewhere.', usage: 'gamut pack' },
  completion: { module: 'cli/completion', text: 'Print completion for a shell.', usage: 'gamut completion bash|zsh|fish' },
};
