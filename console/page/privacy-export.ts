import { useState } from 'react';
import { auditPages } from '../api/audit-page.ts';
import { type Api, useApi } from '../api/call.ts';
import type { Problem } from '../api/problem.ts';
import { save } from '../api/transfer.ts';
import { exportedRecordsMax } from '../limits.ts';
import { useChange } from '../part/dialog.tsx';

type Listed = { readonly items: readonly { readonly spec?: Readonly<Record<string, unknown>>; readonly principal?: string }[] };

/** What is kept of a person, put into one file; `looked` and `found` count audit records on the way. */
export type SubjectExport = {
  readonly busy: boolean;
  readonly problem: Problem | undefined;
  readonly looked: number;
  readonly found: number;
  readonly saved: boolean;
  readonly run: () => Promise<void>;
};

const nothing = { looked: 0, found: 0, saved: false };

export function useSubjectExport(principal: string): SubjectExport {
  const api = useApi();
  const change = useChange();
  const [state, setState] = useState({ principal, ...nothing });
  const shown = state.principal === principal ? state : { principal, ...nothing };
  const run = () =>
    change.run(async () => {
      const records: unknown[] = [];
      let looked = 0;
      for await (const page of auditPages(api, 0, new AbortController().signal)) {
        looked += page.items.length;
        records.push(...page.items.filter(({ event }) => event?.actor?.user?.uid === principal));
        setState({ principal, looked, found: records.length, saved: false });
        if (records.length >= exportedRecordsMax) break;
      }
      const whole = { principal, ...(await keptOf(api, principal)), audit: records };
      save(new Blob([JSON.stringify(whole, null, 2), '\n'], { type: 'application/json' }), `subject-${principal}.json`);
      setState({ principal, looked, found: records.length, saved: true });
    });
  return { busy: change.busy, problem: change.problem, ...shown, run };
}

/** Membership, sessions, service account and credentials of a principal. */
async function keptOf(api: Api, principal: string) {
  const all = (operation: string, input: object) => api.call<Listed>('platform', operation, '', input as Record<string, unknown>);
  const page = { limit: 1000 };
  const [members, sessions, accounts, credentials] = await Promise.all([
    all('ListMembers', page),
    all('ListSessions', {}),
    all('ListServiceAccounts', page),
    all('ListCredentials', page),
  ]);
  return {
    members: members.items.filter(({ spec }) => spec?.person === principal),
    sessions: sessions.items.filter((session) => session.principal === principal),
    serviceAccounts: accounts.items.filter(({ spec }) => spec?.principal === principal),
    credentials: credentials.items.filter(({ spec }) => spec?.principal === principal),
  };
}
