import { fault, OperationError } from '../contract/fault.ts';
import type { EntitySource } from './entity-store.ts';
import { compileExpression, fieldsOf, invalid, type Site } from './expression.ts';
import type { Frame, Term } from './frame.ts';
import { below, isObject, readRecord, readUid } from './json.ts';
import { actionIndexMax } from './limits.ts';
import { readActionScope, readScope, type Scope, type Slots } from './scope.ts';
import { type ScopeIndex, scopeIndex, visitScope } from './scope-index.ts';
import { type EntityUid, type EntityValue, isFailure, type RecordValue, typeFailure } from './value.ts';

/** A policy as stored: its id, its JSON form and, where that is a template, the entities that fill its slots. */
export type PolicySource = { readonly id: string; readonly est: unknown; readonly slots?: Slots };

/** A policy ready to decide. */
export type CompiledPolicy = {
  readonly id: string;
  readonly permits: boolean;
  readonly principal: Scope;
  readonly action: Scope;
  readonly resource: Scope;
  readonly conditions: readonly Condition[];
  /** The same in JSON form, for who evaluates them in part. */
  readonly clauses: readonly { readonly body: unknown; readonly wanted: boolean }[];
};

/** One `when` or `unless`: the result that lets the policy apply. */
type Condition = { readonly run: Term['run']; readonly wanted: boolean };

/** What is asked. Entities and context may be plain JSON; `entity` and `readRecord` make them once for many questions. */
export type PolicyRequest = {
  readonly principal: EntityUid;
  readonly action: EntityUid;
  readonly resource: EntityUid;
  readonly context: RecordValue | Readonly<Record<string, unknown>>;
};

/**
 * The answer. `reasons` are the policies that made it: the permits where it is allowed, the forbids where one forbids.
 * `errors` are policies that could not be evaluated; they take no part in the answer.
 */
export type Decision = {
  readonly allow: boolean;
  readonly reasons: readonly string[];
  readonly errors: readonly { readonly policy: string; readonly message: string }[];
};

export type PolicySet = {
  readonly size: number;
  /** Throws BadInput where the request has a name or value that Cedar cannot express; never because of a policy. */
  decide(request: PolicyRequest, entities: EntitySource): Decision;
  /** The policies that may have a say where principal and action are these, whatever the resource is. */
  about(frame: Frame): readonly CompiledPolicy[];
};

/** Compiles policies and makes the set of them. Throws PolicyInvalid with the policy, the place and the reason. */
export function compilePolicySet(policies: readonly PolicySource[]): PolicySet {
  return policySetOf(policies.map(compilePolicy));
}

/** Compiles one policy, so that a change of one needs no other compiled anew. */
export function compilePolicy(source: PolicySource): CompiledPolicy {
  try {
    return read(source);
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    throw fault('PolicyInvalid', { path: error.path, detail: `Policy ${JSON.stringify(source.id)}: ${error.detail}`, cause: error });
  }
}

function read({ id, est, slots }: PolicySource): CompiledPolicy {
  const policy = fieldsOf(est, '', ['effect', 'principal', 'action', 'resource', 'conditions'], ['annotations']);
  if (policy.effect !== 'permit' && policy.effect !== 'forbid') throw invalid('/effect', 'neither permit nor forbid');
  if (!Array.isArray(policy.conditions)) throw invalid('/conditions', 'not a list');
  const count = { nodes: 0 };
  return {
    id,
    permits: policy.effect === 'permit',
    principal: readScope(policy.principal, '/principal', slots, '?principal'),
    action: readActionScope(policy.action, '/action'),
    resource: readScope(policy.resource, '/resource', slots, '?resource'),
    clauses: policy.conditions.map(({ body, kind }: { body: unknown; kind: unknown }) => ({ body, wanted: kind === 'when' })),
    conditions: policy.conditions.map((clause, index) => readCondition(clause, { path: `/conditions/${index}`, depth: 0, count })),
  };
}

function readCondition(json: unknown, site: Site): Condition {
  const { kind, body } = fieldsOf(json, site.path, ['kind', 'body']);
  if (kind !== 'when' && kind !== 'unless') throw invalid(`${site.path}/kind`, 'neither when nor unless');
  const { run } = compileExpression(body, { ...site, path: below(site.path, 'body') });
  return { run, wanted: kind === 'when' };
}

type Ranked = CompiledPolicy & { readonly rank: number };
type ByResource = ScopeIndex<readonly Ranked[]>;
/** Policies of one principal, which are told apart by resource when first asked about: most never are. */
type Pile = { readonly policies: readonly Ranked[]; index: ByResource | undefined };
type ByPrincipal = ScopeIndex<Pile>;
type Gathered = { readonly ancestors: ReadonlySet<string> | undefined; readonly index: ByPrincipal };
type Tally = { readonly permits: Ranked[]; readonly forbids: Ranked[]; readonly errors: { policy: Ranked; message: string }[] };

const denied: Decision = Object.freeze({ allow: false, reasons: Object.freeze([]), errors: Object.freeze([]) });

/** Makes a set of compiled policies. Throws PolicyInvalid where two have one id. */
export function policySetOf(policies: readonly CompiledPolicy[]): PolicySet {
  const ids = new Set<string>();
  for (const { id } of policies) {
    if (ids.has(id)) throw fault('PolicyInvalid', `Two policies have the id ${JSON.stringify(id)}.`);
    ids.add(id);
  }
  const ranked = policies.map((policy, rank) => ({ ...policy, rank }));
  const byAction = scopeIndex(
    ranked,
    (policy) => policy.action,
    (pile) => pile,
  );
  const gathered = new Map<string, Gathered>();
  return {
    size: policies.length,
    decide(request, entities) {
      const frame = frameOf(request, entities);
      const tally: Tally = { permits: [], forbids: [], errors: [] };
      const index = indexFor(frame, byAction, gathered);
      visitScope(index, frame.principal, frame.principalData?.ancestors, (pile) => {
        visitScope(byResource(pile), frame.resource, frame.resourceData?.ancestors, (found) => evaluate(found, frame, tally));
      });
      return conclude(tally);
    },
    about(frame) {
      const found = new Set<Ranked>();
      const index = indexFor(frame, byAction, gathered);
      visitScope(index, frame.principal, frame.principalData?.ancestors, ({ policies: pile }) => {
        for (const policy of pile)
          if (policy.principal.type === undefined || policy.principal.type === frame.principal.type) found.add(policy);
      });
      return [...found];
    },
  };
}

/** A request with the data of its own three entities looked up. */
export function frameOf(request: PolicyRequest, entities: EntitySource): Frame {
  const principal = valueOf(request.principal, '/principal');
  const action = valueOf(request.action, '/action');
  const resource = valueOf(request.resource, '/resource');
  return {
    principal,
    action,
    resource,
    entities,
    context: isReadContext(request.context) ? request.context : readRecord(request.context, '/context'),
    principalData: entities.get(principal.key),
    actionData: entities.get(action.key),
    resourceData: entities.get(resource.key),
  };
}

function valueOf(uid: EntityUid | EntityValue, path: string): EntityValue {
  return isObject(uid) && 'kind' in uid && uid.kind === 'entity' ? uid : readUid(uid, path);
}

/** A context from JSON can have an attribute called `attrs`, but never a Map. */
function isReadContext(context: PolicyRequest['context']): context is RecordValue {
  return isObject(context) && context.kind === 'record' && context.attrs instanceof Map;
}

/** The policies for an action, by principal and resource, gathered when the action is first asked about. */
function indexFor(frame: Frame, byAction: ScopeIndex<readonly Ranked[]>, gathered: Map<string, Gathered>): ByPrincipal {
  const ancestors = frame.actionData?.ancestors;
  const known = gathered.get(frame.action.key);
  if (known && (known.ancestors === ancestors || sameMembers(known.ancestors, ancestors))) return known.index;
  const policies = new Set<Ranked>();
  visitScope(byAction, frame.action, ancestors, (pile) => {
    for (const policy of pile) policies.add(policy);
  });
  const index = scopeIndex(
    [...policies],
    (policy) => policy.principal,
    (pile): Pile => ({ policies: pile, index: undefined }),
  );
  if (gathered.size >= actionIndexMax) gathered.clear();
  gathered.set(frame.action.key, { ancestors, index });
  return index;
}

function byResource(pile: Pile): ByResource {
  pile.index ??= scopeIndex(
    pile.policies,
    (policy) => policy.resource,
    (items) => items,
  );
  return pile.index;
}

function sameMembers(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  if ((a?.size ?? 0) !== (b?.size ?? 0)) return false;
  for (const member of a ?? []) if (!b?.has(member)) return false;
  return true;
}

function evaluate(pile: readonly Ranked[], frame: Frame, tally: Tally): void {
  for (const policy of pile) {
    // `is T in E` is filed under E; the type is what is left to test.
    if (policy.principal.type !== undefined && policy.principal.type !== frame.principal.type) continue;
    if (policy.resource.type !== undefined && policy.resource.type !== frame.resource.type) continue;
    evaluatePolicy(policy, frame, tally);
  }
}

function evaluatePolicy(policy: Ranked, frame: Frame, tally: Tally): void {
  for (const { run, wanted } of policy.conditions) {
    const value = run(frame);
    if (value === wanted) continue;
    if (typeof value !== 'boolean') {
      const { message } = isFailure(value) ? value : typeFailure('bool', value);
      tally.errors.push({ policy, message });
    }
    return;
  }
  (policy.permits ? tally.permits : tally.forbids).push(policy);
}

/** A forbid wins over every permit; without either the answer is no. */
function conclude({ permits, forbids, errors }: Tally): Decision {
  if (permits.length === 0 && forbids.length === 0 && errors.length === 0) return denied;
  const allow = forbids.length === 0 && permits.length > 0;
  return {
    allow,
    reasons: inOrder(allow ? permits : forbids, (policy) => policy.rank).map((policy) => policy.id),
    errors: inOrder(errors, (error) => error.policy.rank).map(({ policy, message }) => ({ policy: policy.id, message })),
  };
}

function inOrder<T>(items: T[], rank: (item: T) => number): T[] {
  return items.length < 2 ? items : items.sort((a, b) => rank(a) - rank(b));
}
