import type { IncomingMessage } from 'node:http';
import type { Caller } from '../contract/caller.ts';
import { request as httpRequest } from '../listen/node-http.ts';
import { fault, faultTable } from '../contract/fault.ts';
import type { Context } from './context.ts';
import { answerMaxBytes, askMs } from './limits.ts';

type Question = { readonly caller: Caller; readonly body: unknown };

/** Calls an operation of a service on behalf of a caller, in the caller's environment; its refusal is thrown as it was told. */
export async function askService(
  { doors, keeper }: Pick<Context, 'doors' | 'keeper'>,
  service: string,
  path: string,
  { caller, body }: Question,
): Promise<IncomingMessage> {
  const door = (await doors())[`${service}.rest`];
  if (!door) throw fault('Unavailable', `The service ${service} is away.`);
  const { hostname, port } = new URL(door.url);
  const text = Buffer.from(JSON.stringify(body));
  const headers = { 'gamut-service': await keeper.serviceToken(caller), 'content-type': 'application/json', 'content-length': text.length };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const asking = httpRequest({ hostname, port, method: 'POST', path, headers, timeout: askMs }, resolve);
    asking.on('timeout', () => asking.destroy());
    asking.on('error', (cause) => reject(fault('Unavailable', { detail: `The service ${service} is away.`, cause })));
    asking.end(text);
  });
  if (answer.statusCode !== undefined && answer.statusCode < 300) return answer;
  const { code, detail } = (await readJson(answer)) as { code?: string; detail?: string };
  throw fault(code !== undefined && faultTable().has(code) ? code : 'Unavailable', `${service}: ${detail ?? code ?? 'it failed'}`);
}

/** The JSON of an answer. */
export async function readJson(answer: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > answerMaxBytes) throw fault('TooLarge', `At most ${answerMaxBytes} bytes are read of an answer.`);
    pieces.push(piece);
  }
  return JSON.parse(Buffer.concat(pieces).toString() || '{}');
}
