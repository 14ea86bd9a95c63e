import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { platform } from '../../control/service.ts';
import type { AnyService } from '../../contract/contract.ts';
import { applyDefaults } from '../default.ts';
import { addressOf, type Route, routesOf } from '../route.ts';
import { validator } from '../validate.ts';
import { type Handler, sample, serve, type Served, textOf } from './fixture.ts';
import { hostileBody, hostileInput, hostileQuery, validInput } from './generate-input.ts';

const seen: { input: unknown; name: string }[] = [];
const handle: Handler = async (name, input, more) => {
  if (more.body) await textOf(more.body);
  seen.push({ input, name });
  return { output: {} };
};
const contracts: readonly AnyService[] = [sample, platform];
const served = new Map<string, Served>();
const agent = new Agent({ keepAlive: true });
before(async () => {
  for (const contract of contracts)
    served.set(contract.name, await serve(contract, Object.fromEntries(Object.keys(contract.operations).map((name) => [name, handle]))));
});
after(async () => {
  agent.destroy();
  for (const each of served.values()) await each.close();
});

type Answer = { status: number; text: string; fault: string };
function send(route: Route, name: string, query: string, body?: Uint8Array): Promise<Answer> {
  const { url } = served.get(route.service) as Served;
  return new Promise((resolve, reject) => {
    const path = `${addressOf(route, name)}${query === '' ? '' : `?${query}`}`;
    const headers = {
      authorization: 'Bearer good',
      ...(body ? { 'content-type': 'application/json', 'content-length': body.length } : {}),
    };
    const sending = request(new URL(url).origin, { method: route.method, path, headers, agent }, (response) => {
      const pieces: Buffer[] = [];
      response
        .on('data', (piece) => pieces.push(piece))
        .on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(pieces).toString(),
            fault: String(response.headers['gamut-fault'] ?? ''),
          }),
        );
    });
    sending.on('error', reject).end(body);
  });
}

/** The query of an input, as a client writes it; undefined where a query cannot say it: an empty list is no parameter. */
function queryOf(input: Record<string, unknown>): string | undefined {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(input)) {
    if (Array.isArray(value) && value.length === 0) return undefined;
    for (const each of Array.isArray(value) ? value : [value])
      pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(typeof each === 'object' ? JSON.stringify(each) : String(each))}`);
  }
  return pairs.join('&');
}

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value) ?? '');
const names = fc
  .oneof(fc.constantFrom('-', 'a/b', '%', '..x', 'é', '😀', 'watch'), fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }))
  .filter((name) => name.isWellFormed() && !name.includes('\0') && name !== '.' && name !== '..');

for (const contract of contracts) {
  for (const route of routesOf(contract)) {
    const schema = route.definition.input;
    test(`${contract.name}.${route.operation} gets every input that fits its schema as it was sent`, async () => {
      await fc.assert(
        fc.asyncProperty(names, validInput(schema), async (name, value) => {
          const input = value as Record<string, unknown>;
          const query = route.input === 'query' ? queryOf(input) : '';
          if (query === undefined) return;
          seen.length = 0;
          const answer = await send(route, name, query, route.input === 'json' ? encode(input) : undefined);
          assert.ok(answer.status < 300, `${answer.status} ${answer.text}`);
          assert.deepEqual(JSON.parse(JSON.stringify(seen[0]?.input)), JSON.parse(JSON.stringify(applyDefaults(schema, input))));
          if (route.at === 'item') assert.equal(seen[0]?.name, name);
        }),
        { numRuns: 25 },
      );
    });

    test(`${contract.name}.${route.operation} answers what does not fit with a refusal that says where`, async () => {
      await fc.assert(
        fc.asyncProperty(hostileInput(schema), hostileBody(schema), hostileQuery(schema), async (value, body, query) => {
          seen.length = 0;
          const answers =
            route.input === 'json'
              ? [await send(route, 'x', '', encode(value)), await send(route, 'x', '', body), await send(route, 'x', query)]
              : [await send(route, 'x', query)];
          for (const { status, text, fault } of answers) {
            assert.ok(status < 500, `${status} ${text}`);
            if (status >= 400) assert.match(fault, /^(BadInput|TooLarge|UnsupportedMedia)$/);
          }
          for (const { input } of seen) assert.equal(validator(schema)(input), undefined);
          assert.equal(({} as { admin?: unknown }).admin, undefined);
        }),
        { numRuns: 25 },
      );
    });
  }
}
