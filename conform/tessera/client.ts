import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Check, check, type Client } from '../client.ts';
import { tryCommand } from '../command.ts';
import { goBuild, goPath, goProgram } from '../go.ts';
import type { Place } from '../place.ts';
import { findMs, publishTries, publishWaitMs } from './limits.ts';

const note = fileURLToPath(new URL('./note', import.meta.url));
const module = 'github.com/transparency-dev/tessera';
const release = 'v1.0.4';

/** Tessera's fsck over the audit logs, by their files and by the platform's door, and Go's note over their checkpoints. */
export const client: Client = {
  name: 'tessera',
  async setup() {
    const found = await goProgram('fsck', `${module}/cmd/fsck@${release}`);
    if (!('skip' in found)) await goBuild(note, 'note');
    return found;
  },
  async run(place) {
    await fill(place);
    const { log } = JSON.parse(await place.gamut('platform', 'get-audit-log')) as { log: string };
    const logs = readdirSync(join(place.data, 'audit')).filter((name) => existsSync(join(place.data, 'audit', name, 'checkpoint')));
    const kinds = (name: string) => (name === log ? 'an organization' : name === 'root' ? 'all checkpoints' : undefined);
    const checks: Check[] = [];
    for (const name of logs.filter((one) => kinds(one) !== undefined)) {
      const kind = kinds(name);
      const files = join(place.data, 'audit', name);
      checks.push(await check(`note verifies the checkpoint of the log of ${kind}`, () => verifyNote(place, name)));
      checks.push(await check(`fsck finds no fault in the files of the log of ${kind}`, () => fsck(place, name, `file://${files}/`)));
      checks.push(
        await check(`fsck finds no fault in the log of ${kind} over HTTP`, () =>
          fsck(place, name, `${place.admin.url}/audit/${name}/`, place.admin.bearer),
        ),
      );
    }
    checks.push(await check('fsck finds a flipped byte, so its word counts', () => findsFlip(place, log)));
    checks.push(await check('note refuses a changed checkpoint, so its word counts', () => refusesChange(place, log)));
    return { checks };
  },
};

/** Enough requests for full tiles; resolves when they are in the log. */
async function fill(place: Place): Promise<void> {
  const wanted = 600;
  const headers = { authorization: `Bearer ${place.admin.bearer}`, 'content-type': 'application/json' };
  const { id } = await place.credential();
  const url = `${place.admin.url}/v1/platform/credentials/${id}/revoke-credential`;
  for (let made = 0; made < wanted; made += 1) {
    const { status } = await fetch(url, { method: 'POST', headers, body: '{}' });
    if (status !== 200) throw new Error(`a revoke was answered ${status}`);
  }
  for (let tries = 0; tries < publishTries; tries += 1) {
    const { size } = JSON.parse(await place.gamut('platform', 'get-audit-log')) as { size: number };
    if (size >= wanted) return;
    await sleep(publishWaitMs);
  }
  throw new Error('the records did not come into the log');
}

/** A file with the verifier of a log, as fsck wants it. */
async function keyFile(place: Place, log: string): Promise<{ file: string; verifier: string }> {
  const { verifiers } = JSON.parse(await place.gamut('audit', 'key', log)) as { verifiers: string[] };
  const file = join(place.folder, `${log}.vkey`);
  writeFileSync(file, verifiers[0] ?? '');
  return { file, verifier: verifiers[0] ?? '' };
}

type Fsck = { readonly code: number; readonly said: string };

async function runFsck(
  place: Place,
  log: string,
  url: string,
  { bearer, timeoutMs }: { bearer?: string; timeoutMs?: number },
): Promise<Fsck> {
  const { file } = await keyFile(place, log);
  const token = bearer === undefined ? [] : ['--bearer_token', bearer];
  const argv = [goPath('fsck'), '--ui=false', '-v=1', '--storage_url', url, '--public_key', file, ...token];
  const { code, out, err } = await tryCommand(argv, timeoutMs === undefined ? {} : { timeoutMs });
  return { code, said: out + err };
}

/** Fsck exits with 0 whatever it finds; it says what it found. */
async function fsck(place: Place, log: string, url: string, bearer?: string): Promise<void> {
  const { code, said } = await runFsck(place, log, url, bearer === undefined ? {} : { bearer });
  const ranges = said.slice(said.lastIndexOf('Completed ranges'));
  if (code !== 0 || !said.includes('Completed ranges') || /fsck failed/.test(said) || /Invalid|Unchecked|Missing|Error/.test(ranges))
    throw new Error(`exit ${code}: ${said.slice(-1500)}`);
}

async function verifyNote(place: Place, log: string): Promise<void> {
  const { verifier } = await keyFile(place, log);
  const input = readFileSync(join(place.data, 'audit', log, 'checkpoint'), 'utf8');
  const { code, out, err } = await tryCommand([goPath('note'), verifier], { input });
  if (code !== 0 || !out.startsWith('1 of 2 ')) throw new Error(out + err);
}

async function findsFlip(place: Place, log: string): Promise<void> {
  const copy = join(place.folder, 'flipped');
  cpSync(join(place.data, 'audit', log), copy, { recursive: true });
  const path = join(copy, 'tile', 'entries', '000');
  const bytes = readFileSync(path);
  bytes[9999] = (bytes[9999] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  // Without its screen fsck does not end by itself once it has found something.
  const { said } = await runFsck(place, log, `file://${copy}/`, { timeoutMs: findMs });
  rmSync(copy, { recursive: true });
  if (!/:Invalid/.test(said)) throw new Error(`fsck found nothing: ${said.slice(-1500)}`);
}

async function refusesChange(place: Place, log: string): Promise<void> {
  const { verifier } = await keyFile(place, log);
  const input = readFileSync(join(place.data, 'audit', log, 'checkpoint'), 'utf8').replace(/\n(\d+)\n/, '\n1$1\n');
  const { code } = await tryCommand([goPath('note'), verifier], { input });
  if (code === 0) throw new Error('note accepted a changed checkpoint');
}
