import { fault, OperationError } from '../contract/fault.ts';
import type { EntitySource } from './entity-store.ts';
import { compileExpression, fieldsOf, invalid, type Site } from './expression.ts';
import type { Frame, Term } from './frame.ts';
import { below, isObject, readRecord, readUid } from './json.ts';
import { actionIndexMax } from './limits.ts';
import { readActionScope, readScope, type Scope, type Slots } from './scope.ts';
import { fileScope, type ScopeIndex, scopeAdmits, scopeIndex, unfileScope, visitScope } from './scope-index.ts';
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

/** A set in which single policies are replaced and removed, at a cost that does not grow with how many there are. */
export type ChangingPolicySet = PolicySet & { put(policy: CompiledPolicy): void; remove(id: string): void };

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
/** Policies of one action, or of one resource. */
type Pile = Ranked[];
type ByResource = ScopeIndex<Pile>;
/** Policies of one principal, which are told apart by resource when first asked about: most never are. */
type Owned = { readonly policies: Pile; index: ByResource | undefined };
type ByPrincipal = ScopeIndex<Owned>;
/** What was gathered of an action, with the ancestors that it had then. */
type Gathered = { readonly action: EntityValue; readonly ancestors: ReadonlySet<string> | undefined; readonly index: ByPrincipal };
type Tally = { readonly permits: Ranked[]; readonly forbids: Ranked[]; readonly errors: { policy: Ranked; message: string }[] };

const denied: Decision = Object.freeze({ allow: false, reasons: Object.freeze([]), errors: Object.freeze([]) });
const newPile = (): Pile => [];
const newOwned = (): Owned => ({ policies: [], index: undefined });

/** Makes a set of compiled policies. Throws PolicyInvalid where two have one id. */
export function policySetOf(policies: readonly CompiledPolicy[]): ChangingPolicySet {
  const byId = new Map<string, Ranked>();
  const byAction: ScopeIndex<Pile> = scopeIndex();
  const gathered = new Map<string, Gathered>();
  let ranks = 0;

  function remove(id: string): void {
    const policy = byId.get(id);
    if (!policy) return;
    byId.delete(id);
    unfileScope(byAction, policy.action, (pile) => without(pile, policy));
    for (const { action, ancestors, index } of gathered.values())
      if (scopeAdmits(policy.action, action, ancestors)) disown(index, policy);
  }
  function put(compiled: CompiledPolicy): void {
    const rank = byId.get(compiled.id)?.rank ?? ranks++;
    remove(compiled.id);
    const policy = { ...compiled, rank };
    byId.set(policy.id, policy);
    fileScope(byAction, policy.action, newPile, (pile) => pile.push(policy));
    for (const { action, ancestors, index } of gathered.values())
      if (scopeAdmits(policy.action, action, ancestors)) own(index, policy);
  }

  for (const policy of policies) {
    if (byId.has(policy.id)) throw fault('PolicyInvalid', `Two policies have the id ${JSON.stringify(policy.id)}.`);
    put(policy);
  }
  return {
    get size() {
      return byId.size;
    },
    put,
    remove,
    decide(request, entities) {
      const frame = frameOf(request, entities);
      const tally: Tally = { permits: [], forbids: [], errors: [] };
      const index = indexFor(frame, byAction, gathered);
      visitScope(index, frame.principal, frame.principalData?.ancestors, (owned) => {
        visitScope(byResource(owned), frame.resource, frame.resourceData?.ancestors, (found) => evaluate(found, frame, tally));
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

/** Takes a policy out of a pile; whether nothing is left. */
function without(pile: Pile, policy: Ranked): boolean {
  const at = pile.indexOf(policy);
  if (at >= 0) pile.splice(at, 1);
  return pile.length === 0;
}

function own(index: ByPrincipal, policy: Ranked): void {
  fileScope(index, policy.principal, newOwned, (owned) => {
    owned.policies.push(policy);
    owned.index = undefined;
  });
}

function disown(index: ByPrincipal, policy: Ranked): void {
  unfileScope(index, policy.principal, (owned) => {
    owned.index = undefined;
    return without(owned.policies, policy);
  });
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
function indexFor(frame: Frame, byAction: ScopeIndex<Pile>, gathered: Map<string, Gathered>): ByPrincipal {
  const { action } = frame;
  const ancestors = frame.actionData?.ancestors;
  const known = gathered.get(action.key);
  if (known && (known.ancestors === ancestors || sameMembers(known.ancestors, ancestors))) return known.index;
  const policies = new Set<Ranked>();
  visitScope(byAction, action, ancestors, (pile) => {
    for (const policy of pile) policies.add(policy);
  });
  const index: ByPrincipal = scopeIndex();
  for (const policy of policies) own(index, policy);
  if (gathered.size >= actionIndexMax) gathered.clear();
  gathered.set(action.key, { action, ancestors, index });
  return index;
}

function byResource(owned: Owned): ByResource {
  if (owned.index) return owned.index;
  const index: ByResource = scopeIndex();
  for (const policy of owned.policies) fileScope(index, policy.resource, newPile, (pile) => pile.push(policy));
  owned.index = index;
  return index;
}

function sameMembers(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  if ((a?.size ?? 0) !== (b?.size ?? 0)) return false;
  for (const member of a ?? []) if (!b?.has(member)) return false;
  return true;
}

function evaluate(pile: Pile, frame: Frame, tally: Tally): void {
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
