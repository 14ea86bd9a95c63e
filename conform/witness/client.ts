import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { emptyRoot } from '#wire/tlog/hash.ts';
import { parseCheckpoint, parseNote, signatureKind, verifierText } from '#wire/tlog/note.ts';
import { type Check, type Client, checksOf } from '../client.ts';
import { command, tryCommand } from '../command.ts';
import { goBuild, goPath, goProgram } from '../go.ts';
import { openPlace, type Place } from '../place.ts';
import { freePort, told, toolOf, until } from '../tool.ts';

const log = fileURLToPath(new URL('./log', import.meta.url));
const release = 'v0.8.0';

/**
 * Transparency witnesses in both directions: litewitness of filippo.io/torchwood cosigns our log, and a log of Tessera's
 * publishes nothing that we have not cosigned. Go's own packages verify the cosignatures.
 */
export const client: Client = {
  name: 'witness',
  async setup() {
    const found = await goProgram('litewitness', `filippo.io/torchwood/cmd/litewitness@${release}`);
    if (!('skip' in found)) await goBuild(log, 'log');
    return found;
  },
  async run({ folder }) {
    const own = join(folder, 'own');
    mkdirSync(own, { mode: 0o711 });
    const policy = join(folder, 'policy');
    writeFileSync(policy, 'quorum none\n');
    const place = await openPlace(own, { up: ['--only', 'storage', '--witness', policy] });
    const ends: (() => Promise<void>)[] = [];
    try {
      return { checks: [...(await cosigning(place, folder, policy)), ...(await cosigned(place, folder, policy, ends))] };
    } finally {
      for (const end of ends.reverse()) await end();
      await place.down();
    }
  },
};

const verifiersOf = async (place: Place, log: string) =>
  (JSON.parse(await place.gamut('audit', 'key', log)) as { verifiers: [string, string] }).verifiers;

/** We are the witness, the log is Tessera's. */
async function cosigning(place: Place, folder: string, policy: string): Promise<Check[]> {
  const directory = join(folder, 'tessera');
  const tessera = toolOf([goPath('log')], {});
  const key = (await tessera.run('key', directory)).trim();
  const [plain] = await verifiersOf(place, 'witness');
  const witnesses = join(folder, 'witnesses');
  writeFileSync(witnesses, `witness gamut ${plain} ${place.admin.url}/witness/\nquorum gamut\n`);
  const add = (count: number) => tessera.run('add', directory, witnesses, `${count}`);
  let checkpoint = '';
  return await checksOf([
    [
      'a log of Tessera that we do not know is not cosigned',
      async () => {
        const body = `old 0\n\nexample.com/tessera\n1\n${Buffer.alloc(32).toString('base64')}\n\n— example.com/tessera AAAAAAAA\n`;
        const { status } = await fetch(`${place.admin.url}/witness/add-checkpoint`, { method: 'POST', body });
        if (status !== 404) throw new Error(`it was answered ${status}`);
      },
    ],
    [
      'a log of Tessera whose policy asks for us publishes its first checkpoint',
      async () => {
        writeFileSync(policy, `log ${key}\nquorum none\n`);
        checkpoint = await add(3);
        told(checkpoint, /^example.com\/tessera\n3\n/);
      },
    ],
    ['Go verifies our cosignature under it', async () => told(await tessera.feed(checkpoint, 'verify', plain), /^cosigned by gamut\//)],
    [
      'the same log opened again finds out what we cosigned, and goes on from there',
      async () => told((checkpoint = await add(300)), /^example.com\/tessera\n303\n/),
    ],
    ['Go verifies our cosignature under the longer one', async () => void (await tessera.feed(checkpoint, 'verify', plain))],
    [
      'Go refuses our cosignature under another checkpoint, so its word counts',
      async () => {
        const { code } = await tryCommand([goPath('log'), 'verify', plain], { input: checkpoint.replace('\n303\n', '\n304\n') });
        if (code === 0) throw new Error('it was accepted');
      },
    ],
  ]);
}

/** The log is ours, the witness is litewitness. */
async function cosigned(place: Place, folder: string, policy: string, ends: (() => Promise<void>)[]): Promise<Check[]> {
  const witness = await litewitness(place, folder, ends);
  const root = join(place.data, 'audit', 'root', 'checkpoint');
  const size = () => (existsSync(root) ? sizeIn(readFileSync(root, 'utf8')) : 0);
  const grow = async () => {
    const before = size();
    await place.credential();
    await until('the root log grows', async () => size() > before);
  };
  const verify = toolOf([goPath('log')], {});
  const audit = () => tryCommand([...place.commandLine, 'audit', 'verify', '--witness', policy]);
  return await checksOf([
    [
      'litewitness cosigns the root log, and Go verifies it',
      async () => {
        writeFileSync(policy, `witness lite ${witness.verifier} ${witness.url}\nquorum lite\n`);
        await grow();
        told(await verify.feed(readFileSync(root, 'utf8'), 'verify', witness.verifier), /^cosigned by example.com\/lite at/);
      },
    ],
    [
      'litewitness follows the root log as it grows',
      async () => {
        for (let step = 0; step < 3; step += 1) await grow();
        await verify.feed(readFileSync(root, 'utf8'), 'verify', witness.verifier);
      },
    ],
    [
      'audit verify holds by the policy',
      async () => {
        const { code, out, err } = await audit();
        if (code !== 0) throw new Error(out + err);
      },
    ],
    [
      'while litewitness is away the log goes on, and audit verify says who is missing',
      async () => {
        await ends.pop()?.();
        await grow();
        const { code, out } = await audit();
        if (code === 0) throw new Error('it verified');
        told(out, /not cosigned as lite/);
      },
    ],
  ]);
}

const sizeIn = (note: string): number => parseCheckpoint(parseNote(note)?.text ?? '')?.size ?? 0;

async function litewitness(place: Place, folder: string, ends: (() => Promise<void>)[]): Promise<{ url: string; verifier: string }> {
  const key = join(folder, 'key');
  const agent = join(folder, 'agent');
  const database = join(folder, 'litewitness.db');
  await command(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'witness', '-f', key]);
  ends.push(toolOf(['ssh-agent', '-D', '-a', agent], {}).begin());
  const env = { SSH_AUTH_SOCK: agent };
  await until('the agent listens', async () => (await tryCommand(['ssh-add', '-q', key], { env })).code === 0);
  const [, fingerprint = ''] = (await command(['ssh-keygen', '-lf', `${key}.pub`])).split(' ');
  const port = await freePort();
  const name = 'example.com/lite';
  const argv = ['-db', database, '-name', name, '-ssh-agent', agent, '-key', fingerprint, '-listen', `127.0.0.1:${port}`];
  ends.push(toolOf([goPath('litewitness')], {}).begin(...argv));
  const url = `http://127.0.0.1:${port}`;
  await until('litewitness listens', async () => (await fetch(url).catch(() => undefined)) !== undefined);
  // What its witnessctl would do, which the module proxy does not have whole.
  const [verifier = ''] = await verifiersOf(place, 'root');
  const origin = verifier.slice(0, verifier.indexOf('+'));
  const rows = new DatabaseSync(database);
  rows.prepare('insert into log (origin, tree_size, tree_hash) values (?, 0, ?)').run(origin, Buffer.from(emptyRoot).toString('base64'));
  rows.prepare('insert into key (origin, key) values (?, ?)').run(origin, verifier);
  rows.close();
  const [, blob = ''] = readFileSync(`${key}.pub`, 'utf8').split(' ');
  const raw = Buffer.from(blob, 'base64').subarray(-32);
  return { url, verifier: verifierText({ name, kind: signatureKind.ed25519Cosignature, key: raw }) };
}
