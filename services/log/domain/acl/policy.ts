import { createHash } from 'node:crypto';
import { type Acl, isEverybody, isOfAll, operationsOf, patternTypes, permissions, principalOf } from './acl.ts';

/** Names of policies that are ACLs begin so. */
export const aclPolicyPrefix = 'kafka-acl-';

/** A text as Cedar writes it. Names have no control characters, which are all that JSON writes otherwise. */
const quote = (text: string): string => JSON.stringify(text);
const fields = (scope: string, acl: Acl) => JSON.stringify([scope, ...order.map((name) => acl[name])]);
const order = ['resourceType', 'resourceName', 'patternType', 'principal', 'host', 'operation', 'permissionType'] as const;

/** One ACL has one name, so that making it twice is making it once. */
export const aclPolicyName = (scope: string, acl: Acl): string =>
  `${aclPolicyPrefix}${createHash('sha256').update(fields(scope, acl)).digest('hex').slice(0, 32)}`;

/** An ACL of an environment in Cedar. The annotation says it in Kafka's words, for whoever lists ACLs. */
export function aclPolicy(scope: string, acl: Acl): string {
  const actions = operationsOf(acl).map((name) => `log::Action::${quote(name)}`);
  const who = isEverybody(acl) ? 'principal' : `principal == Gamut::Principal::${quote(principalOf(acl.principal))}`;
  return [
    `@kafka(${quote(fields(scope, acl))})`,
    `${acl.permissionType === permissions.allow ? 'permit' : 'forbid'} (`,
    `  ${who},`,
    `  action in [${actions.join(', ')}],`,
    `  resource in Gamut::Scope::${quote(scope)}`,
    `)${isOfAll(acl) ? '' : ` when { ${named(acl)} }`};`,
  ].join('\n');
}

/** A collection has no name: who may describe one topic may ask for the list, and is shown that one. */
function named({ resourceName, patternType, permissionType }: Acl): string {
  const pattern = `${quote(resourceName).slice(0, -1).replaceAll('*', '\\*')}*"`;
  const test = patternType === patternTypes.prefixed ? `resource.name like ${pattern}` : `resource.name == ${quote(resourceName)}`;
  if (permissionType !== permissions.allow) return `resource has name && ${test}`;
  return `if resource has name then ${test} else [${listing}].contains(action)`;
}

const listing = ['ListTopics', 'ListGroups', 'WriteIdempotently'].map((name) => `log::Action::${quote(name)}`).join(', ');

/** The ACL of a policy of this environment; undefined for a policy that somebody else wrote, or wrote anew. */
export function aclOf(scope: string, text: string): Acl | undefined {
  const annotation = /^@kafka\(("(?:[^"\\]|\\.)*")\)\n/.exec(text)?.[1];
  if (annotation === undefined) return undefined;
  const [place, ...values] = parsed(annotation);
  const isNamed = (name: string) => ['resourceName', 'principal', 'host'].includes(name);
  if (!order.every((name, at) => typeof values[at] === (isNamed(name) ? 'string' : 'number'))) return undefined;
  const acl = Object.fromEntries(order.map((name, at) => [name, values[at]])) as unknown as Acl;
  return place === scope && aclPolicy(scope, acl) === text ? acl : undefined;
}

function parsed(annotation: string): unknown[] {
  try {
    const fields: unknown = JSON.parse(JSON.parse(annotation) as string);
    return Array.isArray(fields) && fields.length === order.length + 1 ? fields : [];
  } catch {
    return [];
  }
}
