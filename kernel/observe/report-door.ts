import { chmodSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { Log } from '../contract/implement.ts';
import { readBody } from '../listen/body.ts';
import { parseJson } from '../listen/json.ts';
import { reportMaxBytes } from './limits.ts';
import { type Report, reportSocket } from './report.ts';
import { createServer } from '../listen/node-http.ts';

/** Takes the reports of the platform's own processes, on a socket that only their user may open. */
export async function serveReports(run: string, take: (report: Report) => Promise<void>, log: Log): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => {
    read(request)
      .then(take)
      .then(
        () => response.writeHead(204).end(),
        (error: unknown) => {
          log('warn', 'a report could not be stored', { error: error instanceof Error ? error.message : String(error) });
          response.writeHead(503).end();
        },
      );
  });
  const path = reportSocket(run);
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(request: IncomingMessage): Promise<Report> {
  return parseJson((await readBody(request, reportMaxBytes)).toString('utf8')) as Report;
}
