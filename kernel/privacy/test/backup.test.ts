import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { withLogin } from '#seams/sql/address.ts';
import { prepareCluster, readPassword, superuser } from '#seams/sql/embedded/cluster.ts';
import { startPostgres } from '#seams/sql/embedded/postgres.ts';
import { openSql } from '#seams/sql/sql.ts';
import { until } from '../../../chaos/platform/fixture/until.ts';
import { ofCredential, ofPerson } from '../../control/personal.ts';
import { member, password, Visitor } from '../../control/test/fixtures/visitor.ts';
import { openRing } from '../../keys/ring.ts';
import { sealedVersion } from '../../keys/sealed.ts';
import { databaseName } from '../../migrate/name.ts';
import { type House, openHouse } from '../../session/test/fixture/house.ts';
import { formatId } from '../../tenancy/id.ts';
import { runDirectory } from '../../volume/run-directory.ts';

const hers = 'ada@example.org';
const his = 'bob@example.org';
const agent = 'Her-Browser/4711';
const address = '127.5.0.1';
const principal = 'p-4711';
const room = realpathSync(mkdtempSync(join(tmpdir(), 'gamut-backup-')));
// PostgreSQL's own user passes through it.
chmodSync(room, 0o711);
const [data, copy, earlier] = [join(room, 'data'), join(room, 'copy'), join(room, 'earlier')];
let house: House | undefined;
after(async () => {
  await house?.stop();
  rmSync(room, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
});

type Row = Record<string, unknown>;
type Rows = (text: string, params?: readonly unknown[]) => Promise<Row[]>;
/** A sealed field: whom it is about, what it is sealed for, and its bytes. */
type Field = { readonly who: string; readonly place: string; readonly sealed: Buffer };

const deploymentOf = (directory: string) =>
  (JSON.parse(readFileSync(join(directory, 'format.json'), 'utf8')) as { deployment: string }).deployment;

/** Work on the directory's database at the address of its superuser. */
async function at<T>(url: URL | string, directory: string, work: (rows: Rows) => Promise<T>): Promise<T> {
  const sql = openSql(withLogin(url, { database: databaseName(deploymentOf(directory)) }), { max: 1 });
  try {
    return await work(async (text, params) => (await sql.platform().query(text, params)).rows as Row[]);
  } finally {
    await sql.close();
  }
}

/** Work on the database of a platform that is down. */
async function inDatabase<T>(directory: string, work: (rows: Rows) => Promise<T>): Promise<T> {
  const server = await startPostgres(await prepareCluster(directory));
  try {
    return await at(server.url, directory, work);
  } finally {
    await server.stop('fast');
  }
}

/** Waits until a platform that runs has sealed everything anew. */
async function resealed(directory: string): Promise<void> {
  const cluster = await prepareCluster(directory, { run: runDirectory(directory, deploymentOf(directory)) });
  const url = new URL('postgres://localhost:5432/postgres');
  url.username = superuser;
  url.password = await readPassword(cluster);
  url.searchParams.set('host', cluster.socket);
  await at(url, directory, (rows) =>
    until(async () => (await rows('select name from platform.reseal')).length === 0, 'everything sealed anew'),
  );
}

/** All that the directory keeps sealed about a person, and about the sessions of a principal. */
async function fieldsOf(rows: Rows, account: Buffer, also = ''): Promise<Field[]> {
  const [person] = await rows('select * from platform.person where email_hash = $1', [account]);
  assert.ok(person);
  const id = person.id as bigint;
  const who = ofPerson(id);
  const field = (place: string, sealed: unknown, of = who): Field => ({ who: of, place, sealed: sealed as Buffer });
  const sessions = await rows('select * from platform.session where principal in ($1, $2)', [formatId(id), also]);
  const factors = await rows('select * from platform.factor where person = $1', [id]);
  const mails = await rows('select * from platform.mail where person = $1', [id]);
  return [
    field(`person ${id} email`, person.email_sealed),
    field(`place ${id}`, person.last_sealed),
    ...factors.flatMap((row) => [field(`factor ${row.id}`, row.sealed), field(`factor ${row.id} title`, row.title_sealed)]),
    ...mails.map((row) => field(`mail ${row.id}`, row.sealed)),
    ...sessions.map((row) =>
      field(`session ${row.id}`, row.origin_sealed, row.credential === null ? who : ofCredential(row.credential as bigint)),
    ),
  ];
}

/** Puts the directory back to what an earlier release wrote of a person: under the platform's ring. */
async function age(rows: Rows, account: Buffer): Promise<void> {
  const ring = openRing(join(data, 'keeper'));
  const [person] = await rows('select * from platform.person where email_hash = $1', [account]);
  const old = ({ who, place, sealed }: Field) => ring.seal(0n, 'field', ring.openPersonal(who, sealed, place), place);
  for (const field of await fieldsOf(rows, account)) {
    const [kind = '', id = '', part = ''] = field.place.split(' ');
    if (part === 'title')
      await rows('update platform.factor set title = $2, title_sealed = null where id = $1', [
        BigInt(id),
        ring.openPersonal(field.who, field.sealed, field.place).toString(),
      ]);
    else if (kind === 'factor') await rows('update platform.factor set sealed = $2 where id = $1', [BigInt(id), old(field)]);
    else if (kind === 'mail') await rows('update platform.mail set sealed = $2, person = null where id = $1', [BigInt(id), old(field)]);
    else if (kind === 'session') await rows('update platform.session set origin_sealed = $2 where id = $1', [id, old(field)]);
    else
      await rows(`update platform.person set ${kind === 'place' ? 'last' : 'email'}_sealed = $2 where id = $1`, [person?.id, old(field)]);
  }
  await rows(`insert into platform.reseal (name) values ('person'), ('factor'), ('session'), ('mail')`);
}

const account = (email: string) => openRing(join(data, 'keeper')).lookup(`email ${email}`);

/** Somebody who is a member, has a phone for codes, and is signed in. */
async function somebody(email: string, from: string): Promise<Visitor> {
  await member(house as House, email, 'reader', from);
  const visitor = new Visitor(house as House, from);
  assert.equal((await visitor.send('POST', '/session', { email, password }, { 'user-agent': agent })).status, 200);
  assert.equal((await visitor.send('POST', '/session/totp', { password, title: `Phone of ${email}` })).status, 200);
  return visitor;
}

const listed = async (path: string) => (await (house as House).call('GET', `/v1/platform/${path}`)).body.items ?? [];
const emails = async () => (await listed('members')).map((row) => (row.spec as { email: string }).email).toSorted();
const ask = (operation: string, subject: string) =>
  fetch(`${house?.url}/v1/platform/data-subjects/-/${operation}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${house?.admin}`, 'content-type': 'application/json' },
    body: JSON.stringify({ subject }),
  });

test('a copy of the data directory from before an erasure says nothing of the person under the keys that are left', async () => {
  house = await openHouse({ data, samples: false, quiet: true });
  const ada = await somebody(hers, address);
  await somebody(his, '127.5.0.2');
  const { bearer } = await house.credential({ role: 'reader', principal });
  const bearing = new Visitor(house, address);
  assert.equal((await bearing.send('POST', '/session', { bearer }, { 'user-agent': agent })).status, 200);
  assert.ok((await (await ask('export-data-subject', hers)).text()).includes(agent));
  await house.stop();

  await inDatabase(data, (rows) => age(rows, account(his)));
  execFileSync('cp', ['-a', data, copy]);

  // What an earlier release wrote is read, and sealed anew; then she is erased, and he is not.
  house = await openHouse({ data, samples: false, quiet: true });
  assert.deepEqual(await emails(), [hers, his]);
  for (const subject of [hers, principal]) {
    const erased = await ask('erase-data-subject', subject);
    assert.deepEqual(((await erased.json()) as { kept: unknown }).kept, []);
  }
  assert.deepEqual(await emails(), [his]);
  const shown = await listed('sessions');
  assert.ok(shown.some((session) => session.email === his && session.address === '127.5.0.2' && session.agent === agent));
  assert.ok(!shown.some((session) => session.address === address));
  assert.match(await Visitor.mailTo(house, his), /invitation/);
  assert.equal(await Visitor.mailTo(house, hers), '');
  assert.ok((await (await ask('export-data-subject', his)).text()).includes(`Phone of ${his}`));
  await resealed(data);
  await house.stop();
  await inDatabase(data, async (rows) => {
    assert.deepEqual(await rows('select id from platform.factor where title is not null'), []);
    const fields = await fieldsOf(rows, account(his));
    assert.ok(fields.length >= 6);
    for (const { place, sealed } of fields) assert.equal(sealedVersion(sealed), 0, place);
  });

  // The copy under the keys that were there with it, and under those that are left.
  execFileSync('mv', [join(copy, 'keeper'), earlier]);
  execFileSync('cp', ['-a', join(data, 'keeper'), join(copy, 'keeper')]);
  await inDatabase(copy, async (rows) => {
    const [before, now] = [openRing(earlier), openRing(join(copy, 'keeper'))];
    const fields = await fieldsOf(rows, account(hers), principal);
    const opened = fields.map(({ who, place, sealed }) => before.openPersonal(who, sealed, place).toString('latin1'));
    for (const text of [hers, agent, address, `Phone of ${hers}`, 'invitation?token='])
      assert.ok(
        opened.some((plain) => plain.includes(text)),
        text,
      );
    assert.equal(opened.filter((plain) => plain.includes(agent)).length, 2);
    for (const { who, place, sealed } of fields) {
      assert.throws(() => now.openPersonal(who, sealed, place), { code: 'KeyRefused' }, place);
      // Nor is it the ring's, whatever it says of itself.
      const disguised = Buffer.from(sealed);
      disguised.writeUInt32BE(1);
      assert.throws(() => now.openPersonal(who, disguised, place), { code: 'KeyUnavailable' }, place);
    }
  });

  // A platform that is brought back from the copy shows her nameless, lets her not in, and forgets her when asked again.
  house = await openHouse({ data: copy, samples: false, quiet: true });
  assert.deepEqual(await emails(), ['', his]);
  const again = (await listed('sessions')).filter((session) => session.agent === agent || session.email === hers);
  assert.deepEqual(
    again.map(({ email }) => email),
    [his],
  );
  for (const text of [agent, address, 'Phone of']) assert.ok(!(await (await ask('export-data-subject', hers)).text()).includes(text), text);
  assert.equal(await Visitor.mailTo(house, hers), '');
  const late = new Visitor(house, address);
  assert.equal((await late.login(hers, password)).status, 401);
  late.cookie = ada.cookie;
  assert.equal((await late.send('GET', '/session')).status, 401);
  assert.equal((await ask('erase-data-subject', hers)).status, 200);
  assert.deepEqual(await emails(), [his]);
});
