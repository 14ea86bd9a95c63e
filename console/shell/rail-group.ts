import type { IconName } from '../part/icon-path.ts';

export type RailEntry = { readonly name: string; readonly title: string; readonly icon: IconName };
export type RailGroup = { readonly title: string; readonly entries: readonly RailEntry[] };

/** The sixteen services where people look for them. What does not run is shown, but dim. */
export const serviceGroups: readonly RailGroup[] = [
  {
    title: 'Data',
    entries: [
      { name: 'storage', title: 'Storage', icon: 'storage' },
      { name: 'log', title: 'Log', icon: 'log' },
      { name: 'analytics', title: 'Analytics', icon: 'analytics' },
      { name: 'mesh', title: 'Mesh', icon: 'mesh' },
    ],
  },
  {
    title: 'Money',
    entries: [
      { name: 'ledger', title: 'Ledger', icon: 'ledger' },
      { name: 'payments', title: 'Payments', icon: 'payments' },
      { name: 'commerce', title: 'Commerce', icon: 'commerce' },
    ],
  },
  {
    title: 'Compute',
    entries: [
      { name: 'containers', title: 'Containers', icon: 'containers' },
      { name: 'edge', title: 'Edge', icon: 'edge' },
      { name: 'apps', title: 'Apps', icon: 'apps' },
      { name: 'ml', title: 'Machine learning', icon: 'ml' },
      { name: 'quantum', title: 'Quantum', icon: 'quantum' },
    ],
  },
  {
    title: 'World',
    entries: [
      { name: 'cdp', title: 'Customers', icon: 'cdp' },
      { name: 'supply', title: 'Supply', icon: 'supply' },
      { name: 'energy', title: 'Energy', icon: 'energy' },
      { name: 'telecom', title: 'Telecom', icon: 'telecom' },
    ],
  },
];

/** Running services that the table above does not know, such as one from elsewhere. */
export function furtherGroup(running: readonly { name: string; title: string }[]): RailGroup | undefined {
  const known = new Set(serviceGroups.flatMap((group) => group.entries.map((entry) => entry.name)));
  const entries = running
    .filter(({ name }) => name !== 'platform' && !known.has(name))
    .map(({ name, title }) => ({ name, title, icon: 'apps' as const }));
  return entries.length === 0 ? undefined : { title: 'More', entries };
}

export function serviceIcon(name: string): IconName {
  return serviceGroups.flatMap((group) => group.entries).find((entry) => entry.name === name)?.icon ?? 'apps';
}
