import { pollEveryMs } from '../limits.ts';
import { type Api, useOperation } from './call.ts';
import type { Thing } from './pages.ts';

export type PolicyThing = Thing & { readonly spec: { readonly text: string; readonly stepUp: boolean } };
export type RoleThing = Thing & { readonly spec: { readonly title: string; readonly operations: readonly string[] } };

/** Who wants to do what on which resource. */
export type Question = {
  readonly principal: string;
  readonly service: string;
  readonly operation: string;
  readonly name: string;
  readonly assurance: 1 | 2 | undefined;
};

/** A policy that is not saved. */
export type PolicyDraft = { readonly name: string; readonly text: string };

export type Explained = {
  readonly allowed: boolean;
  readonly reasons: readonly { readonly from: string; readonly policy: string; readonly text?: string }[];
  readonly errors: readonly { readonly from: string; readonly policy: string; readonly message: string }[];
  readonly roles: readonly string[];
  readonly facts: {
    readonly principal: string;
    readonly action: string;
    readonly resource: string;
    readonly context: unknown;
    readonly attributes: unknown;
  };
  readonly attributesKnown: boolean;
};

export type Preview = {
  readonly tried: number;
  readonly changes: readonly {
    readonly principal: string;
    readonly service: string;
    readonly operation: string;
    readonly name: string;
    readonly before: boolean;
    readonly after: boolean;
  }[];
  readonly warnings: readonly string[];
};

const wholePage = { limit: 1000 };

export function usePolicies(operation: 'ListPolicies' | 'ListGuardRails') {
  return useOperation<{ items: readonly PolicyThing[]; next?: string }>('platform', operation, '', wholePage, { everyMs: pollEveryMs });
}

export function usePolicy(name: string | undefined) {
  return useOperation<PolicyThing>('platform', name === undefined ? undefined : 'GetPolicy', name ?? '', {});
}

export function useCustomRoles() {
  return useOperation<{ items: readonly RoleThing[]; next?: string }>('platform', 'ListCustomRoles', '', wholePage, {
    everyMs: pollEveryMs,
  });
}

/** Asks why something is allowed or refused; with a draft, what would be if it were saved. */
export function explain(api: Api, question: Partial<Question>, draft?: PolicyDraft, signal?: AbortSignal): Promise<Explained> {
  const { principal, name, ...rest } = question;
  const input = { ...rest, ...(principal ? { principal } : {}), ...(name ? { name } : {}), ...(draft ? { draft } : {}) };
  return api.call<Explained>('platform', 'ExplainAccess', '', input, { signal });
}

/** Tries a draft on the latest requests of this environment. */
export function preview(api: Api, draft: PolicyDraft): Promise<Preview> {
  return api.call<Preview>('platform', 'PreviewPolicy', '', draft);
}
