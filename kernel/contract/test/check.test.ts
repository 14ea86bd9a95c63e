import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from '../type.ts';
import { platform } from '#kernel/control/service.ts';
import { check } from '../check.ts';
import type { AnyService } from '../contract.ts';
import { narrowed } from '../narrow.ts';
import { echo } from '../../session/test/fixture/echo/service.ts';
import { notes } from '../../session/test/fixture/notes/service.ts';

type Loose = { -readonly [K in keyof AnyService]: AnyService[K] };
const copy = (service: AnyService): Loose & Record<string, unknown> =>
  structuredClone(JSON.parse(JSON.stringify(service)) as Loose & Record<string, unknown>);
const changed = (service: AnyService, change: (copied: Record<string, never>) => void): AnyService => {
  const copied = copy(service);
  change(copied as never);
  return copied as unknown as AnyService;
};

test('the contracts of the platform and of the samples have nothing wrong', () => {
  for (const service of [platform, echo, notes] as AnyService[]) assert.deepEqual(check(service), []);
});

test('a personal field says why it is kept and until when, and its service answers privacy requests', () => {
  const label = (made: Record<string, unknown>) =>
    check(
      changed(notes, (copied) => {
        const { resources } = copied as unknown as { resources: { Note: { spec: { properties: { author: Record<string, unknown> } } } } };
        resources.Note.spec.properties.author['x-personal'] = made;
      }),
    );
  assert.deepEqual(label({ purpose: 'to write to them', keep: 'law' }), []);
  assert.match(label({ purpose: ' ', keep: 3 })[0]?.reason ?? '', /why it is kept/);
  for (const keep of [undefined, 0, 1.5, 'ever']) assert.match(label({ purpose: 'x', keep })[0]?.reason ?? '', /until when/);
  const silent = changed(
    notes,
    (copied) => void delete (copied as unknown as { operations: Record<string, unknown> }).operations.RevealPersonal,
  );
  assert.ok(check(silent).some(({ path }) => path === '/operations/RevealPersonal'));
});

test('each mistake is named with its path and reason', () => {
  const mistakes: [string, (copied: never) => void, string][] = [
    [
      '/operations/Say/on',
      (copied: { operations: Record<string, Record<string, unknown>> }) => void (copied.operations.Say!.on = 'Nothing'),
      'does not exist',
    ],
    [
      '/operations/Say/charge',
      (copied: { operations: Record<string, Record<string, unknown>> }) => void (copied.operations.Say!.charge = ['money']),
      'does not exist',
    ],
    [
      '/operations/Say/audit',
      (copied: { operations: Record<string, Record<string, unknown>> }) => void (copied.operations.Say!.audit = 'window'),
      'cannot be audited by window',
    ],
    [
      '/operations/Hear/repeat',
      (copied: { operations: Record<string, Record<string, unknown>> }) => void (copied.operations.Hear!.repeat = 'keyed'),
      'repeats by nature',
    ],
    [
      '/roles/reader',
      (copied: { roles: Record<string, string[]> }) => void copied.roles.reader!.push('Sing'),
      'neither an operation nor a role',
    ],
    ['/roles/reader', (copied: { roles: Record<string, string[]> }) => void copied.roles.reader!.push('editor'), 'contains itself'],
    ['/roles', (copied: { roles: Record<string, unknown> }) => void delete copied.roles.auditor, 'is missing'],
    ['/name', (copied: { name: string }) => void (copied.name = 'Echo!'), 'lower-case word'],
    ['/doors/http/port', (copied: { doors: Record<string, { port: number }> }) => void (copied.doors.http!.port = 70_000), 'is not a port'],
    ['/quotas/rate/burst', (copied: { quotas: Record<string, { burst: number }> }) => void (copied.quotas.rate!.burst = 1), 'burst'],
    [
      '/operations/say',
      (copied: { operations: Record<string, unknown> }) => void (copied.operations.say = copied.operations.Say),
      'PascalCase',
    ],
  ] as never;
  for (const [path, change, words] of mistakes) {
    const found = check(changed(echo, change as never));
    assert.ok(
      found.some((finding) => finding.path === path && finding.reason.includes(words)),
      `${path}: ${JSON.stringify(found)}`,
    );
  }
});

test('a release that takes something away or asks for more is refused, one that gives more is not', () => {
  const last = copy(notes) as unknown as AnyService;
  const gone = (change: (copied: never) => void) => narrowed(last, changed(last, change as never)).map(({ path }) => path);
  assert.deepEqual(gone(((copied: { operations: Record<string, unknown> }) => void delete copied.operations.WatchNotes) as never), [
    '/operations/WatchNotes',
  ]);
  assert.deepEqual(
    gone(
      ((copied: { operations: { CreateNote: { input: { required: string[] } } } }) =>
        void copied.operations.CreateNote.input.required.push('labels')) as never,
    ),
    ['/operations/CreateNote/input/labels'],
  );
  assert.deepEqual(
    gone(
      ((copied: { operations: { GetNote: { output: { properties: Record<string, unknown> } } } }) =>
        void delete copied.operations.GetNote.output.properties.labels) as never,
    ),
    ['/operations/GetNote/output/labels'],
  );
  assert.deepEqual(gone(((copied: { quotas: { notes: { limit: number } } }) => void (copied.quotas.notes.limit = 1)) as never), [
    '/quotas/notes/limit',
  ]);
  const wider = changed(last, ((copied: { operations: Record<string, unknown>; quotas: { notes: { limit: number } } }) => {
    copied.operations.CountNotes = { ...(copied.operations.ListNotes as object), input: Type.Object({}) };
    copied.quotas.notes.limit = 5000;
  }) as never);
  assert.deepEqual(narrowed(last, wider), []);
  const without = (version: number, withdrawn?: Record<number, string[]>) =>
    gone(((copied: { version: number; withdrawn?: Record<number, string[]>; operations: Record<string, unknown> }) => {
      copied.version = version;
      if (withdrawn) copied.withdrawn = withdrawn;
      delete copied.operations.WatchNotes;
    }) as never);
  const { version } = last;
  assert.deepEqual(without(version + 1, { [version + 1]: ['/operations/WatchNotes'] }), [], 'on purpose');
  assert.deepEqual(without(version + 1, { [version + 1]: ['/operations/Watch'] }), ['/operations/WatchNotes'], 'not meant');
  assert.deepEqual(without(version + 1), ['/operations/WatchNotes']);
  assert.deepEqual(without(version, { [version]: ['/operations/WatchNotes'] }), ['/operations/WatchNotes'], 'the last release had it');
  assert.deepEqual(without(version - 1), ['/version', '/operations/WatchNotes']);
});
