import type { RequestOf } from '#wire/kafka/api.ts';
import { OperationError } from '#kernel/contract/fault.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { errorCode } from '#wire/kafka/error.ts';
import { createAcls, deleteAcls, describeAcls } from '#wire/kafka/message/access.ts';
import { type Acl, aclFault, type AclFilter, filterFault, matches } from '../../domain/acl/acl.ts';
import { aclOf, aclPolicy, aclPolicyName, aclPolicyPrefix } from '../../domain/acl/policy.ts';
import { type Asking, route } from './exchange.ts';
import { wordError } from './errors.ts';

// ACLs are policies of the organization, which hold in the caller's environment: whoever may write policies may write ACLs.

const denied = 'CLUSTER_AUTHORIZATION_FAILED';
const fine = { errorCode: 0, errorMessage: null };
const wrong = (errorMessage: string) => ({ errorCode: errorCode.INVALID_REQUEST, errorMessage });
const scopeOf = ({ session }: Asking) => formatId(session.caller.scope);

type Policies = { readonly items: readonly { name: string; spec: { text: string } }[]; readonly next?: string };

/** The ACLs of the caller's environment, with the names of their policies. Throws what the directory throws. */
async function known({ directory, session }: Asking): Promise<{ name: string; acl: Acl }[]> {
  const found: { name: string; acl: Acl }[] = [];
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page = (await directory.ask(session.caller, 'ListPolicies', '', { prefix: aclPolicyPrefix, after, limit: 1000 })) as Policies;
    for (const { name, spec } of page.items) {
      const acl = aclOf(formatId(session.caller.scope), spec.text);
      if (acl) found.push({ name, acl });
    }
    after = page.next;
  }
  return found;
}

const filterOf = (wanted: RequestOf<typeof describeAcls>): AclFilter => ({
  resourceType: wanted.resourceTypeFilter,
  resourceName: wanted.resourceNameFilter,
  patternType: wanted.patternTypeFilter,
  principal: wanted.principalFilter,
  host: wanted.hostFilter,
  operation: wanted.operation,
  permissionType: wanted.permissionType,
});

const answerDescribe = route(describeAcls, async (message, asking) => {
  const filter = filterOf(message);
  const fault = filterFault(filter);
  if (fault) return { throttleTimeMs: 0, ...wrong(fault), resources: [] };
  try {
    const acls = (await known(asking)).map(({ acl }) => acl).filter((acl) => matches(filter, acl));
    const byResource = Map.groupBy(acls, ({ resourceType, resourceName, patternType }) =>
      JSON.stringify([resourceType, resourceName, patternType]),
    );
    const resources = [...byResource.values()].map((of) => ({
      resourceType: of[0]?.resourceType ?? 0,
      resourceName: of[0]?.resourceName ?? '',
      patternType: of[0]?.patternType ?? 0,
      acls: of.map(({ principal, host, operation, permissionType }) => ({ principal, host, operation, permissionType })),
    }));
    return { throttleTimeMs: 0, ...fine, resources };
  } catch (error) {
    return { throttleTimeMs: 0, ...wordError(error, denied), resources: [] };
  }
});

async function create(asking: Asking, acl: Acl) {
  const fault = aclFault(acl);
  if (fault) return wrong(fault);
  const scope = scopeOf(asking);
  try {
    await asking.directory.ask(asking.session.caller, 'CreatePolicy', '', {
      name: aclPolicyName(scope, acl),
      text: aclPolicy(scope, acl),
    });
    return fine;
  } catch (error) {
    // One that is there already is made once, as in Apache Kafka; or there are as many policies as there may be.
    if (!(error instanceof OperationError && error.code === 'Conflict')) return wordError(error, denied);
    return (await known(asking)).some(({ name }) => name === aclPolicyName(scope, acl)) ? fine : wrong(error.message);
  }
}

const answerCreate = route(createAcls, async (message, asking) => {
  const results = [];
  for (const { resourcePatternType, ...rest } of message.creations)
    results.push(await create(asking, { ...rest, patternType: resourcePatternType }));
  return { throttleTimeMs: 0, results };
});

async function remove(asking: Asking, filter: AclFilter) {
  const fault = filterFault(filter);
  if (fault) return { ...wrong(fault), matchingAcls: [] };
  try {
    const matchingAcls = [];
    for (const { name, acl } of await known(asking)) {
      if (!matches(filter, acl)) continue;
      const removed = await asking.directory.ask(asking.session.caller, 'DeletePolicy', name, {}).then(
        () => fine,
        (error: unknown) => wordError(error, denied),
      );
      matchingAcls.push({ ...removed, ...acl });
    }
    return { ...fine, matchingAcls };
  } catch (error) {
    return { ...wordError(error, denied), matchingAcls: [] };
  }
}

const answerDelete = route(deleteAcls, async (message, asking) => {
  const filterResults = [];
  for (const wanted of message.filters) filterResults.push(await remove(asking, filterOf(wanted)));
  return { throttleTimeMs: 0, filterResults };
});

export const aclRoutes = [answerDescribe, answerCreate, answerDelete];
