/** The policy language of IAM, as far as a bucket's policy speaks it. */

export type Principals = {
  readonly any: boolean;
  readonly aws: readonly string[];
  readonly service: readonly string[];
  readonly canonical: readonly string[];
};

export type ConditionTest = {
  /** In lower case, without `IfExists` and without its quantifier. */
  readonly operator: string;
  readonly ifExists: boolean;
  readonly quantifier?: 'all' | 'any';
  /** In lower case up to the slash, behind which a tag's key keeps its case. */
  readonly key: string;
  readonly values: readonly string[];
};

export type Statement = {
  readonly sid?: string;
  readonly allow: boolean;
  readonly principal: Principals;
  readonly notPrincipal: boolean;
  readonly actions: readonly string[];
  readonly notAction: boolean;
  readonly resources: readonly string[];
  readonly notResource: boolean;
  readonly conditions: readonly ConditionTest[];
};

export type Policy = readonly Statement[];

/** A policy that is none, with the sentence to answer. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

const operators = new Set(
  [
    'StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike',
    'NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan NumericGreaterThanEquals',
    'DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan DateGreaterThanEquals',
    'Bool BinaryEquals IpAddress NotIpAddress ArnEquals ArnNotEquals ArnLike ArnNotLike Null',
  ]
    .join(' ')
    .toLowerCase()
    .split(' '),
);

/** Reads a policy document; throws PolicyError. */
export function parsePolicy(text: string): Policy {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new PolicyError('This policy contains invalid Json');
  }
  if (!isObject(document)) throw new PolicyError('The policy is not an object.');
  for (const name of Object.keys(document))
    if (!['Version', 'Id', 'Statement'].includes(name)) throw new PolicyError(`Unknown field ${name}`);
  if (document.Version !== undefined && document.Version !== '2012-10-17' && document.Version !== '2008-10-17')
    throw new PolicyError('The policy must contain a valid version string');
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  if (document.Statement === undefined || statements.length === 0) throw new PolicyError('Missing required field Statement');
  return statements.map(parseStatement);
}

const known = new Set(['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']);

function parseStatement(statement: unknown): Statement {
  if (!isObject(statement)) throw new PolicyError('A statement is not an object.');
  for (const name of Object.keys(statement)) if (!known.has(name)) throw new PolicyError(`Unknown field ${name}`);
  const { Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource, Condition } = statement;
  if (Effect !== 'Allow' && Effect !== 'Deny') throw new PolicyError('Invalid effect');
  if ((Principal === undefined) === (NotPrincipal === undefined)) throw new PolicyError('Missing required field Principal');
  if (NotPrincipal !== undefined && Effect === 'Allow') throw new PolicyError('Allow with NotPrincipal is not allowed.');
  if ((Action === undefined) === (NotAction === undefined)) throw new PolicyError('Missing required field Action');
  if ((Resource === undefined) === (NotResource === undefined)) throw new PolicyError('Missing required field Resource');
  const resources = texts(Resource ?? NotResource, 'resource');
  for (const one of resources)
    if (one !== '*' && !/^arn:[^:]*:s3:[^:]*:[^:]*:.+/.test(one)) throw new PolicyError('Policy has invalid resource');
  return {
    ...(typeof statement.Sid === 'string' ? { sid: statement.Sid } : {}),
    allow: Effect === 'Allow',
    principal: parsePrincipal(Principal ?? NotPrincipal),
    notPrincipal: NotPrincipal !== undefined,
    actions: texts(Action ?? NotAction, 'action').map(checkAction),
    notAction: NotAction !== undefined,
    resources,
    notResource: NotResource !== undefined,
    conditions: parseConditions(Condition),
  };
}

function checkAction(action: string): string {
  if (action !== '*' && !/^s3:[A-Za-z*?]+$/i.test(action)) throw new PolicyError('Policy has invalid action');
  return action.toLowerCase();
}

function parsePrincipal(principal: unknown): Principals {
  if (principal === '*') return { any: true, aws: [], service: [], canonical: [] };
  if (!isObject(principal)) throw new PolicyError('Invalid principal in policy');
  for (const name of Object.keys(principal))
    if (!['AWS', 'Service', 'CanonicalUser', 'Federated'].includes(name)) throw new PolicyError('Invalid principal in policy');
  const aws = principal.AWS === undefined ? [] : texts(principal.AWS, 'principal');
  return {
    any: aws.includes('*'),
    aws: aws.filter((one) => one !== '*'),
    service: principal.Service === undefined ? [] : texts(principal.Service, 'principal'),
    canonical: principal.CanonicalUser === undefined ? [] : texts(principal.CanonicalUser, 'principal'),
  };
}

function parseConditions(condition: unknown): ConditionTest[] {
  if (condition === undefined) return [];
  if (!isObject(condition)) throw new PolicyError('Invalid Condition type');
  return Object.entries(condition).flatMap(([named, tests]) => {
    const [, quantifier, name = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(named) ?? [];
    if (!operators.has(name.toLowerCase())) throw new PolicyError(`Invalid Condition type : ${named.slice(0, 100)}`);
    if (!isObject(tests)) throw new PolicyError('Invalid Condition');
    return Object.entries(tests).map(([key, values]) => ({
      operator: name.toLowerCase(),
      ifExists: ifExists !== undefined,
      ...(quantifier ? { quantifier: quantifier === 'ForAllValues' ? ('all' as const) : ('any' as const) } : {}),
      key: conditionKey(key),
      values: (Array.isArray(values) ? values : [values]).map((value) => {
        if (!['string', 'number', 'boolean'].includes(typeof value)) throw new PolicyError('Invalid value in Condition');
        return String(value);
      }),
    }));
  });
}

/** A key of a condition as it is compared: in lower case, but a tag's key keeps its own. */
function conditionKey(key: string): string {
  const slash = key.indexOf('/');
  return slash < 0 ? key.toLowerCase() : key.slice(0, slash).toLowerCase() + key.slice(slash);
}

function texts(value: unknown, what: string): string[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0 || !list.every((one) => typeof one === 'string' && one !== '')) throw new PolicyError(`Policy has invalid ${what}`);
  return list as string[];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
