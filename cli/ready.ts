import type { PlatformStatus } from '#kernel/supervise/status.ts';
import { doorTable } from './door-table.ts';
import type { Global } from './global.ts';

type Up = Pick<PlatformStatus, 'doors' | 'facts' | 'notes'>;

/** What scripts read of a platform that is up. */
export function readyDocument({ doors, facts }: Pick<Up, 'doors' | 'facts'>) {
  return {
    console: facts.console ?? null,
    doors: Object.fromEntries(Object.entries(doors).map(([name, { url }]) => [name, { url }])),
    ca: facts.ca ?? null,
    admin: { url: facts['admin.url'] ?? null, bearer: facts['admin.bearer'] ?? null },
  };
}

/** Prints a platform that is up: the document for scripts, or the table of its doors. */
export function printReady(up: Up, { output }: Global): void {
  if (output === 'json') {
    console.log(JSON.stringify(readyDocument(up)));
    return;
  }
  const { facts } = up;
  const rows = [
    ...doorTable(up.doors),
    '',
    ...(facts.console ? [`  console  ${facts.console}`] : []),
    ...(facts['admin.url'] ? [`  admin    ${facts['admin.url']}   bearer: gamut up --detach -o json`] : []),
    ...(facts.ca ? [`  CA       ${facts.ca}`] : []),
    ...up.notes.map((note) => `  note     ${note}`),
  ];
  console.log(rows.join('\n'));
}
