import { type ComponentType, lazy, type LazyExoticComponent } from 'react';
import type { IconName } from './part/icon-path.ts';

type Load = () => Promise<{ default: ComponentType }>;

export type PageEntry = {
  /** The address below an environment. */
  readonly path: string;
  readonly title: string;
  readonly text: string;
  readonly icon: IconName;
  /** What the page stands on; where the platform does not serve it the page is left out. */
  readonly operation: string | undefined;
  readonly page: LazyExoticComponent<ComponentType>;
  readonly load: Load;
};

function entry(path: string, title: string, icon: IconName, operation: string | undefined, text: string, load: Load): PageEntry {
  return { path, title, text, icon, operation, page: lazy(load), load };
}

/** The platform's own pages, in the order of the rail. Everything else is derived from contracts. */
export const platformPages: readonly PageEntry[] = [
  entry('platform/members', 'Members', 'members', 'ListMembers', 'Who may do what here.', () => import('./page/members.tsx')),
  entry(
    'platform/credentials',
    'Credentials',
    'credential',
    'ListCredentials',
    'One secret per program, with a face for every protocol.',
    () => import('./page/credentials.tsx'),
  ),
  entry('platform/keys', 'Keys', 'lock', 'ListKeys', 'What everything stored lies under.', () => import('./page/keys.tsx')),
  entry('platform/policies', 'Policy', 'policy', 'ListPolicies', 'Who may do what, and why.', () => import('./page/policies.tsx')),
  entry('platform/audit', 'Activity', 'audit', 'ListAudit', 'What was done, by whom, and how it ended.', () => import('./page/audit.tsx')),
  entry('platform/usage', 'Usage', 'usage', 'ListUsage', 'What was used, by meter.', () => import('./page/usage.tsx')),
  entry('platform/events', 'Events', 'event', 'ListEvents', 'What happened, as CloudEvents.', () => import('./page/events.tsx')),
  entry(
    'platform/webhooks',
    'Webhooks',
    'hook',
    'ListWebhooks',
    'Where events are sent, and what came of them.',
    () => import('./page/webhooks.tsx'),
  ),
  entry(
    'platform/security',
    'Security',
    'shield',
    undefined,
    'Your second factors, and the sessions that are open.',
    () => import('./page/security.tsx'),
  ),
  entry(
    'platform/privacy',
    'Privacy',
    'eye',
    'EraseDataSubject',
    'What is known of a person: taken out, and erased.',
    () => import('./page/privacy.tsx'),
  ),
  entry('platform/health', 'Health', 'health', 'GetHealth', 'Processes, disk and doors.', () => import('./page/health.tsx')),
  entry(
    'platform/settings',
    'Settings',
    'settings',
    undefined,
    'Organization, projects and environments.',
    () => import('./page/settings.tsx'),
  ),
];

/** Pages with an address of their own, outside any environment. */
export const lonePages: readonly { readonly path: string; readonly page: LazyExoticComponent<ComponentType> }[] = [
  { path: '/login', page: lazy(() => import('./page/login.tsx')) },
  { path: '/invitation', page: lazy(() => import('./page/invitation.tsx')) },
  { path: '/reset', page: lazy(() => import('./page/reset.tsx')) },
  { path: '/docs/*', page: lazy(() => import('./page/docs.tsx')) },
];

export const homePage = lazy(() => import('./page/home.tsx'));
export const welcomePage = lazy(() => import('./page/welcome.tsx'));
export const servicePage = lazy(() => import('./page/service.tsx'));
