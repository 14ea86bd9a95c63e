import type { Known } from '../api/contract.ts';
import { kindsOf } from '../api/contract.ts';
import { type Place, rootOf } from '../api/place.ts';
import type { OrganizationPlace } from '../api/session.ts';
import { sentenceOf, titleOf } from '../format/word.ts';
import { askFor } from '../operation/ask.ts';
import { platformPages } from '../page-table.ts';
import type { IconName } from '../part/icon-path.ts';
import { serviceIcon } from './rail-group.ts';

/** One line of the command palette. */
export type PaletteEntry = {
  readonly key: string;
  readonly title: string;
  readonly note: string;
  readonly icon: IconName;
  readonly to: string;
  readonly kind: 'page' | 'operation' | 'resource' | 'place';
};

/** Everything that can be named without asking: pages, services, collections, operations, other environments. */
export function paletteEntries(place: Place, known: Known | undefined, organizations: readonly OrganizationPlace[]): PaletteEntry[] {
  const root = rootOf(place);
  const entries: PaletteEntry[] = [{ key: 'home', title: 'Home', note: 'Page', icon: 'home', to: root, kind: 'page' }];
  for (const page of platformPages)
    entries.push({ key: page.path, title: page.title, note: page.text, icon: page.icon, to: `${root}/${page.path}`, kind: 'page' });
  entries.push({
    key: 'docs',
    title: 'API reference',
    note: 'Every operation, derived from the contracts',
    icon: 'book',
    to: '/docs',
    kind: 'page',
  });
  for (const contract of Object.values(known?.services ?? {})) entries.push(...serviceEntries(root, contract.name, known));
  for (const organization of organizations) {
    for (const project of organization.projects) {
      for (const environment of project.environments) {
        const to = rootOf({ organization, project, environment });
        if (to !== root)
          entries.push({
            key: to,
            title: `${organization.name} / ${project.name} / ${environment.name}`,
            note: 'Switch environment',
            icon: 'right',
            to,
            kind: 'place',
          });
      }
    }
  }
  return entries;
}

function serviceEntries(root: string, service: string, known: Known | undefined): PaletteEntry[] {
  const contract = known?.services[service];
  if (!contract) return [];
  const isPlatform = service === 'platform';
  const icon = isPlatform ? 'terminal' : serviceIcon(service);
  const entries: PaletteEntry[] = isPlatform
    ? []
    : [{ key: service, title: contract.title, note: contract.text, icon, to: `${root}/${service}`, kind: 'page' }];
  for (const kind of kindsOf(contract)) {
    const here = `${root}/${service}/${kind.plural}`;
    if (!isPlatform && kind.list)
      entries.push({
        key: here,
        title: titleOf(kind.plural),
        note: `${contract.title} · ${kind.resource.text}`,
        icon,
        to: here,
        kind: 'page',
      });
    for (const each of [kind.create, kind.get, kind.list, kind.update, kind.remove, ...kind.others]) {
      if (each)
        entries.push({
          key: `${service}.${each.name}`,
          title: sentenceOf(each.name),
          note: `${contract.title} · ${each.operation.text}`,
          icon: 'terminal',
          to: askFor(service, each.name),
          kind: 'operation',
        });
    }
  }
  return entries;
}

/** How well words fit an entry: 0 is not at all; the title counts more than the note, a beginning more than a middle. */
function fitOf(entry: PaletteEntry, typed: string): number {
  const title = entry.title.toLowerCase();
  const note = entry.note.toLowerCase();
  let sum = entry.kind === 'page' ? 0.5 : entry.kind === 'resource' ? 0.4 : 0;
  for (const word of typed.toLowerCase().split(/\s+/).filter(Boolean)) {
    if (title.startsWith(word)) sum += 4;
    else if (title.includes(` ${word}`)) sum += 3;
    else if (title.includes(word)) sum += 2;
    else if (note.includes(word)) sum += 1;
    else return 0;
  }
  return sum;
}

/** The entries that fit, best first; without words the pages come as they are. */
export function ranked(entries: readonly PaletteEntry[], typed: string, most: number): PaletteEntry[] {
  if (typed.trim() === '') return entries.filter((entry) => entry.kind === 'page').slice(0, most);
  return entries
    .map((entry) => ({ entry, fit: fitOf(entry, typed) }))
    .filter(({ fit }) => fit >= 1)
    .sort((a, b) => b.fit - a.fit)
    .slice(0, most)
    .map(({ entry }) => entry);
}
