import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { policyTextBytesMax } from '../../policy/limits.ts';
import { type Faces, type House, openHouse } from '../../session/test/fixture/house.ts';
import { member } from './fixtures/visitor.ts';

let house: House;
let reader: Faces;
before(async () => {
  house = await openHouse();
  reader = await house.credential({ role: 'reader' });
});
after(() => house.stop());

const policies = '/v1/platform/policies';
const say = (bearer: string, channel = 'a') =>
  house.call('POST', `/v1/echo/channels/${channel}/say`, { text: 'x' }, { door: 'echo.http', bearer });
const hear = (bearer: string, channel = 'a') =>
  house.call('GET', `/v1/echo/channels/${channel}/hear`, undefined, { door: 'echo.http', bearer });
const write = (name: string, text: string, bearer = house.admin) => house.call('POST', policies, { name, text }, { bearer });
const remove = (name: string) => house.call('DELETE', `${policies}/${name}`);
const principalOf = ({ id }: Faces) => `service-${id}`;

test('a policy permits one principal one operation on one resource, live when it is answered, and no longer when taken away', async () => {
  assert.equal((await say(reader.bearer)).status, 403);
  const text = `permit (principal == Gamut::Principal::"${principalOf(reader)}", action == echo::Action::"Say", resource == echo::Channel::"a");`;
  const written = await write('say-a', text);
  assert.equal(written.status, 201, JSON.stringify(written.body));
  assert.equal((await say(reader.bearer)).status, 200);
  assert.equal((await say(reader.bearer, 'b')).status, 403);
  assert.equal((await write('say-a', text)).status, 409);
  assert.equal((await remove('say-a')).status, 200);
  assert.equal((await say(reader.bearer)).status, 403);
});

test('a policy speaks of names that begin alike, those of resources that are yet to be made too', async () => {
  const body = (name: string) => ({ name, spec: { text: 'x' } });
  const make = async (name: string) =>
    (await house.call('POST', '/v1/notes/notes', body(name), { door: 'notes.rest', bearer: reader.bearer })).status;
  const text = `permit (principal == Gamut::Principal::"${principalOf(reader)}", action == notes::Action::"CreateNote", resource)
    when { resource has name && resource.name like "draft-*" };`;
  assert.equal((await write('drafts', text)).status, 201);
  assert.deepEqual([await make('draft-1'), await make('final')], [201, 403]);
  assert.equal((await remove('drafts')).status, 200);
  assert.equal(await make('draft-2'), 403);
});

test('a policy that does not parse, or speaks of what no contract has, is refused with its place', async () => {
  const broken = await write('broken', 'permit (principal, action, resource');
  assert.deepEqual([broken.status, broken.body.code], [400, 'PolicyInvalid']);
  const unknown = await write('unknown', 'permit (principal, action == echo::Action::"Shout", resource);');
  assert.deepEqual([unknown.status, unknown.body.code], [400, 'PolicyInvalid']);
  const attribute = await write(
    'attribute',
    'permit (principal, action == echo::Action::"Say", resource) when { resource.colour == "red" };',
  );
  assert.match(String(attribute.body.detail), /[Ll]ine 1/);
});

test('a policy too deep, too long, or with too many conditions or elements is refused when written, and says which limit', async () => {
  const when = (condition: string) => `permit (principal, action, resource) when { ${condition} };`;
  const bombs: Record<string, string> = {
    policyNestingMax: when(`${'('.repeat(3000)}true${')'.repeat(3000)}`),
    policyDepthMax: when(Array.from({ length: 3000 }, () => 'true').join(' && ')),
    policyElementsMax: when(`[${Array.from({ length: 5000 }, (_, index) => index).join(',')}].contains(1)`),
    policyConditionsMax: `permit (principal, action, resource) ${'when { true } '.repeat(2000)};`,
  };
  for (const [limit, text] of Object.entries(bombs)) {
    const bomb = await write('bomb', text);
    assert.deepEqual([bomb.status, bomb.body.code], [400, 'PolicyInvalid'], limit);
    assert.match(String(bomb.body.detail), new RegExp(limit));
  }
  const long = await write('bomb', when(`"${'x'.repeat(100_000)}" == "y"`));
  assert.equal(long.status, 400);
  assert.equal((await write('fine', when('true'))).status, 201);
  await remove('fine');
});

test('what is the platform itself is given by no policy of a tenant, and writing policies is for owners', async () => {
  const admin = await house.credential({ role: 'admin' });
  assert.equal((await write('by-admin', 'forbid (principal, action, resource);', admin.bearer)).status, 403);
  await write('everything', 'permit (principal, action, resource);');
  const owner = await house.credential({ role: 'owner' });
  const made = await house.call('POST', '/v1/platform/organizations', { name: 'escalated' }, { bearer: owner.bearer });
  assert.equal(made.status, 403, 'an owner does not become an operator');
  assert.equal((await say(reader.bearer)).status, 200);
  await remove('everything');
});

test('a guard-rail forbids what every role and policy permits; a tenant neither weakens nor removes it', async () => {
  const text = 'forbid (principal, action == echo::Action::"Say", resource == echo::Channel::"sealed");';
  assert.equal(
    (await house.call('POST', '/v1/platform/guard-rails', { name: 'wide', text: 'permit (principal, action, resource);' })).status,
    400,
  );
  assert.equal((await house.call('POST', '/v1/platform/guard-rails', { name: 'sealed', text })).status, 201);
  const owner = await house.credential({ role: 'owner' });
  assert.equal((await say(owner.bearer, 'sealed')).status, 403);
  await write('anyway', 'permit (principal, action, resource);', owner.bearer);
  assert.equal((await say(owner.bearer, 'sealed')).status, 403);
  assert.equal((await house.call('DELETE', '/v1/platform/guard-rails/sealed', undefined, { bearer: owner.bearer })).status, 403);
  await remove('anyway');
  assert.equal((await house.call('DELETE', '/v1/platform/guard-rails/sealed')).status, 200);
  assert.equal((await say(owner.bearer, 'sealed')).status, 200);
});

test('a role that an organization makes does what it lists, is given by owners alone, and goes from everybody at once', async () => {
  const roles = '/v1/platform/custom-roles';
  assert.equal((await house.call('POST', roles, { name: 'speaker', operations: ['echo.Say'] })).status, 201);
  assert.equal((await house.call('POST', roles, { name: 'reader', operations: ['echo.Say'] })).status, 409);
  assert.equal((await house.call('POST', roles, { name: 'nobody', operations: ['echo.Shout'] })).status, 400);
  const admin = await house.credential({ role: 'admin' });
  const byAdmin = await house.call('POST', '/v1/platform/credentials', { role: 'speaker' }, { bearer: admin.bearer });
  assert.equal(byAdmin.status, 403);
  const speaker = await house.credential({ role: 'speaker' });
  assert.equal((await say(speaker.bearer)).status, 200);
  assert.equal((await hear(speaker.bearer)).status, 403);
  assert.equal((await house.call('DELETE', `${roles}/speaker`)).status, 200);
  assert.equal((await say(speaker.bearer)).status, 403);
});

test('explain names the policy and the facts, and says what a draft would change before it is saved', async () => {
  const explain = async (more: object = {}) => {
    const asked = { principal: principalOf(reader), service: 'echo', operation: 'Hear', name: 'a', ...more };
    const { status, body } = await house.call('POST', `${policies}/-/explain-access`, asked);
    assert.equal(status, 200, JSON.stringify(body));
    return body as unknown as {
      allowed: boolean;
      reasons: { from: string; policy: string; text?: string }[];
      roles: string[];
      facts: { principal: string };
    };
  };
  const allowed = await explain();
  assert.deepEqual([allowed.allowed, allowed.reasons[0]?.from, allowed.roles], [true, 'roles', ['reader']]);
  assert.equal(allowed.facts.principal, `Gamut::Principal::"${principalOf(reader)}"`);
  const text = 'forbid (principal, action == echo::Action::"Hear", resource == echo::Channel::"a");';
  const draft = await explain({ draft: { name: 'quiet', text } });
  assert.deepEqual(draft.reasons, [{ from: 'own', policy: 'policy.quiet', text }]);
  assert.equal(draft.allowed, false);
  assert.equal((await hear(reader.bearer)).status, 200, 'a draft decides nothing');
  assert.equal((await explain({ operation: 'Say' })).allowed, false);
  const [head, tail] = [text.replace(';', ' when { resource != echo::Channel::"'), '" };'];
  const longest = `${head}${'x'.repeat(policyTextBytesMax - head.length - tail.length)}${tail}`;
  assert.deepEqual((await explain({ draft: { name: 'long', text: longest } })).reasons, [
    { from: 'own', policy: 'policy.long', text: longest },
  ]);
});

test('a preview says which of the latest requests a draft would have decided otherwise', async () => {
  await hear(reader.bearer, 'previewed');
  const text = 'forbid (principal, action == echo::Action::"Hear", resource == echo::Channel::"previewed");';
  type Preview = { tried: number; changes: { name: string; before: boolean; after: boolean }[] };
  for (;;) {
    const { body } = await house.call('POST', `${policies}/-/preview-policy`, { name: 'quiet', text: text + ' '.repeat(50_000) });
    const { changes } = body as unknown as Preview;
    if (changes.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    assert.deepEqual([changes[0]?.name, changes[0]?.before, changes[0]?.after], ['previewed', true, false]);
    return;
  }
});

test('a policy marked @stepUp asks a person for a second factor where it forbids', async () => {
  const eve = await member(house, 'eve@example.org', 'editor');
  const text =
    '@stepUp("") forbid (principal, action == platform::Action::"ListUsage", resource) when { context has assurance && context.assurance < 2 };';
  assert.equal((await write('sure', text)).status, 201);
  const refused = await eve.send('GET', '/v1/platform/usage');
  assert.deepEqual([refused.status, refused.body.code], [403, 'StepUp']);
  assert.equal(
    (await house.call('GET', '/v1/platform/usage', undefined, { bearer: reader.bearer })).status,
    200,
    'programs have no factors',
  );
  await remove('sure');
  assert.equal((await eve.send('GET', '/v1/platform/usage')).status, 200);
});
