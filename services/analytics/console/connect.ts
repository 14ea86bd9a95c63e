import type { ConnectFacts, ConnectLine } from '#console/service-page.ts';

/** Lines that make PostgreSQL's clients use this door, ready to paste. */
export function connectPostgres({ username, saslPassword, endpoint }: ConnectFacts): readonly ConnectLine[] {
  const { hostname, port } = new URL(endpoint);
  return [
    { client: 'psql', text: `PGPASSWORD=${saslPassword} psql -h ${hostname} -p ${port} -U ${username}` },
    {
      client: 'Node.js',
      text: [
        "import pg from 'pg';",
        '',
        `const client = new pg.Client({ host: '${hostname}', port: ${port}, user: '${username}', password: '${saslPassword}' });`,
        'await client.connect();',
        "console.log((await client.query('show materialized views')).rows);",
      ].join('\n'),
    },
  ];
}
