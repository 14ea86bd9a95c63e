import { type Facts, holds, like } from './condition.ts';
import type { ConditionTest, Policy, Principals, Statement } from './policy.ts';

/** Who asks: an account and the name of its principal, a service of the platform, or nobody known. */
export type PolicyCaller = { readonly account?: string; readonly name?: string; readonly service?: string };

export type PolicyQuestion = {
  readonly caller: PolicyCaller;
  /** In lower case, such as `s3:getobject`. */
  readonly action: string;
  /** `arn:aws:s3:::bucket/key`. */
  readonly resource: string;
  readonly facts: Facts;
  /** Whether naming the caller's account as a whole is naming the caller; within the account it is not. */
  readonly accountCounts: boolean;
};

/** What a policy says of a question: a denial wins. */
export function evaluate(policy: Policy, question: PolicyQuestion): 'allow' | 'deny' | 'none' {
  let verdict: 'allow' | 'none' = 'none';
  for (const statement of policy) {
    if (!applies(statement, question)) continue;
    if (!statement.allow) return 'deny';
    verdict = 'allow';
  }
  return verdict;
}

/** The parts of a statement, each of which must fit a request. */
const parts = {
  principal: ({ principal, notPrincipal, allow }: Statement, { caller, accountCounts }: PolicyQuestion) =>
    names(principal, caller, accountCounts || !allow) !== notPrincipal,
  action: ({ actions, notAction }: Statement, { action }: PolicyQuestion) => actions.some((pattern) => like(pattern, action)) !== notAction,
  resource: ({ resources, notResource }: Statement, { resource }: PolicyQuestion) =>
    resources.some((pattern) => isResource(pattern, resource)) !== notResource,
  condition: ({ conditions }: Statement, { facts }: PolicyQuestion) => conditions.every((test) => holds(test, facts)),
};
export type StatementPart = keyof typeof parts;
const partNames = Object.keys(parts) as StatementPart[];

function applies(statement: Statement, question: PolicyQuestion): boolean {
  return partNames.every((part) => parts[part](statement, question));
}

/** Why each statement of a policy applies to a request or not: the parts that do not fit it, and the conditions that do not hold. */
export function judged(policy: Policy, question: PolicyQuestion) {
  return policy.map((statement) => ({
    statement,
    fails: partNames.filter((part) => !parts[part](statement, question)),
    conditions: statement.conditions.filter((test) => !holds(test, question.facts)).map(({ key }) => key),
  }));
}

/** Regions and accounts in a resource's name are passed over: names of buckets are unique here. */
function isResource(pattern: string, resource: string): boolean {
  if (pattern === '*') return true;
  return like(pattern.replace(/^arn:[^:]*:s3:[^:]*:[^:]*:/, 'arn:aws:s3:::'), resource);
}

/** The name of an account's principal: `arn:aws:iam::<account>:user/<name>`. */
export function principalArn({ account, name }: PolicyCaller): string | undefined {
  return account === undefined ? undefined : `arn:aws:iam::${account}:user/${name ?? ''}`;
}

function names(principal: Principals, caller: PolicyCaller, accountCounts: boolean): boolean {
  if (caller.service !== undefined) return principal.service.includes(caller.service);
  if (principal.any) return true;
  const { account } = caller;
  if (account === undefined) return false;
  if (principal.aws.includes(principalArn(caller) ?? '')) return true;
  if (!accountCounts) return false;
  return principal.canonical.includes(account) || principal.aws.some((one) => one === account || one === `arn:aws:iam::${account}:root`);
}

/** Condition keys that tie a statement for everybody to somebody after all, when their values are fixed. */
const narrowing = new Set([
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:sourceowner',
  'aws:sourceip',
  'aws:principalorgid',
  'aws:principalaccount',
  'aws:principalarn',
  'aws:userid',
  's3:dataaccesspointaccount',
  's3:dataaccesspointarn',
]);

function isNarrow(test: ConditionTest): boolean {
  if (!narrowing.has(test.key) || test.ifExists) return false;
  if (test.key === 'aws:sourceip') return test.operator === 'ipaddress' && !test.values.some((value) => /\/0$/.test(value));
  return /equals$|like$/.test(test.operator) && !test.operator.includes('not') && !test.values.some((value) => /[*?]/.test(value));
}

/** Whether a policy gives something to everybody, in S3's meaning of public. */
export function isPublicPolicy(policy: Policy): boolean {
  return policy.some(
    ({ allow, principal, notPrincipal, conditions }) => allow && (principal.any || notPrincipal) && !conditions.some(isNarrow),
  );
}
