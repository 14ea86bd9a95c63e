import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { command, tryCommand } from '../command.ts';

/** A PostgreSQL server that was started by somebody else, as far as the platform is concerned. */
export type Server = {
  readonly version: string;
  /** The address of a role made with these rights. */
  role(name: string, rights: string): Promise<string>;
  /** What the superuser is told, a line for each row. */
  ask(database: string, text: string): Promise<string>;
  restart(): Promise<void>;
  stop(): Promise<void>;
};

/** The folder of the server's programs, of the newest version installed; undefined when there is none. */
export function binaries(): string | undefined {
  const found = globSync('/usr/lib/postgresql/*/bin/initdb').map((path) => dirname(path));
  return found.toSorted((a, b) => Number(a.split('/')[4]) - Number(b.split('/')[4])).at(-1);
}

/** Starts a server in a folder of its own on a free port of loopback; every log-in needs its password. */
export async function startServer(folder: string): Promise<Server> {
  const bin = binaries();
  if (bin === undefined) throw new Error('no PostgreSQL is installed');
  const user = await account();
  mkdirSync(folder, { recursive: true });
  const secret = join(folder, 'password');
  const password = 'super-secret';
  writeFileSync(secret, password);
  for (const path of [folder, secret]) if (user.uid !== undefined) chownSync(path, user.uid, user.gid ?? user.uid);
  const data = join(folder, 'cluster');
  const initdb = ['initdb', '-D', data, '-U', 'boss', '--pwfile', secret, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale', 'C.UTF-8', '-N'];
  await command([join(bin, initdb[0] ?? ''), ...initdb.slice(1)], { ...user, cwd: folder });
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, `unix_socket_directories=${folder}`, 'fsync=on'];
  const start = async () => {
    const child = spawn(join(bin, 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
      ...user,
      cwd: folder,
      stdio: 'ignore',
    });
    for (let tries = 0; (await tryCommand([join(bin, 'pg_isready'), '-h', '127.0.0.1', '-p', String(port)])).code !== 0; tries += 1) {
      if (tries === 100 || child.exitCode !== null) throw new Error('the server did not start');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return child;
  };
  let child = await start();
  const stop = async () => {
    const ended = once(child, 'exit');
    // PostgreSQL's fast shutdown: clients are cut off.
    child.kill('SIGINT');
    await ended;
  };
  const ask = (database: string, text: string) =>
    command(
      [
        join(bin, 'psql'),
        '-X',
        '-A',
        '-t',
        '-h',
        '127.0.0.1',
        '-p',
        String(port),
        '-U',
        'boss',
        '-d',
        database,
        '-v',
        'ON_ERROR_STOP=1',
        '-c',
        text,
      ],
      { env: { PGPASSWORD: password } },
    );
  return {
    version: (await ask('postgres', 'show server_version')).trim(),
    role: async (name, rights) => {
      await ask('postgres', `create role ${name} login password 'of-${name}' ${rights}`);
      return `postgres://${name}:of-${name}@127.0.0.1:${port}/postgres`;
    },
    ask,
    restart: async () => {
      await stop();
      child = await start();
    },
    stop,
  };
}

/** PostgreSQL refuses to run as root, so root runs it as the user that Debian made for it. */
async function account(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const id = async (option: string) => Number((await command(['id', option, 'postgres'])).trim());
  return { uid: await id('-u'), gid: await id('-g') };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
