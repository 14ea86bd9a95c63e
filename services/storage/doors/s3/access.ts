import { OperationError } from '#kernel/contract/fault.ts';
import type { Output } from '#kernel/contract/contract.ts';
import { child, childrenOf, childText } from '#wire/xml/read.ts';
import type { XmlNode } from '#wire/xml/write.ts';
import { Tagging } from '../../contract/configuration.ts';
import type { storage } from '../../service.ts';
import { dropUndefined } from './condition.ts';
import { readDocument, writeDocument } from './document.ts';
import { refuse } from './errors.ts';
import type { Answer, Exchange } from './exchange.ts';
import { grantNodes, readGrant } from './grant.ts';
import { xmlBodyMaxBytes } from './limits.ts';
import { readXmlBody } from './payload.ts';
import { type Headers, isoTime, ownerNode, replyEmpty, replyXml } from './reply.ts';
import { header, type S3Request } from './request.ts';
import { aclHeaders, type AclInput } from './trait.ts';

/** The version that a request is about, in the contract's words. */
export function versionInput(request: S3Request): { key: string; versionId?: string } {
  const versionId = request.query.get('versionId');
  if (versionId === '')
    throw refuse('InvalidArgument', 'Version id cannot be the empty string', { ArgumentName: 'versionId', ArgumentValue: '' });
  if (versionId !== undefined && versionId.length > 64) throw refuse('InvalidArgument', 'Invalid version id specified');
  return dropUndefined({ key: request.key, versionId });
}

const versionHeader = (output: { readonly versionId?: string }): Headers => ({ 'x-amz-version-id': output.versionId });

type Grants = Pick<Output<typeof storage, 'GetBucketAcl'>, 'owner' | 'grants'>;

function aclNodes({ owner, grants }: Grants): XmlNode[] {
  return [ownerNode(owner), ['AccessControlList', grants.map((grant): XmlNode => ['Grant', grantNodes(grant)])]];
}

/** Grants from the headers or from the body, never both. */
async function readAcl({ request, identified }: Exchange): Promise<AclInput> {
  const said = aclHeaders(request);
  const xml = await readXmlBody(request, identified, { maxBytes: xmlBodyMaxBytes });
  if (!xml) return Object.keys(said).length > 0 ? said : missingAcl();
  if (Object.keys(said).length > 0) throw refuse('UnexpectedContent');
  const list = child(xml, 'AccessControlList');
  if (xml.name !== 'AccessControlPolicy' || !list) throw refuse('MalformedACLError');
  return { grants: childrenOf(list, 'Grant').map((grant) => readGrant(grant) ?? malformed()) };
}

function missingAcl(): never {
  throw refuse('MissingSecurityHeader');
}

function malformed(): never {
  throw refuse('MalformedACLError');
}

export const getBucketAcl: Answer = async ({ request, session, id, more }) => {
  const { output } = await session.invoke('GetBucketAcl', request.bucket, {}, more);
  replyXml(request.response, id, 'AccessControlPolicy', aclNodes(output));
};

export const putBucketAcl: Answer = async (exchange) => {
  const { request, session, id, more } = exchange;
  await session.invoke('PutBucketAcl', request.bucket, await readAcl(exchange), more);
  replyEmpty(request.response, id, 200);
};

export const getObjectAcl: Answer = async ({ request, session, id, more }) => {
  const { output } = await session.invoke('GetObjectAcl', request.bucket, versionInput(request), more);
  replyXml(request.response, id, 'AccessControlPolicy', aclNodes(output), versionHeader(output));
};

export const putObjectAcl: Answer = async (exchange) => {
  const { request, session, id, more } = exchange;
  const { output } = await session.invoke('PutObjectAcl', request.bucket, { ...versionInput(request), ...(await readAcl(exchange)) }, more);
  replyEmpty(request.response, id, 200, versionHeader(output));
};

export const getObjectTagging: Answer = async ({ request, session, id, more }) => {
  const { output } = await session.invoke('GetObjectTagging', request.bucket, versionInput(request), more);
  replyXml(request.response, id, 'Tagging', writeDocument(Tagging, output), versionHeader(output));
};

export const putObjectTagging: Answer = async ({ request, session, identified, id, more }) => {
  const xml = await readXmlBody(request, identified, { maxBytes: xmlBodyMaxBytes });
  if (xml?.name !== 'Tagging' || !child(xml, 'TagSet')) throw refuse('MalformedXML');
  const { tags } = readDocument(Tagging, xml) as { tags: { key: string; value: string }[] };
  const { output } = await session.invoke('PutObjectTagging', request.bucket, { ...versionInput(request), tags }, more);
  replyEmpty(request.response, id, 200, versionHeader(output));
};

export const deleteObjectTagging: Answer = async ({ request, session, id, more }) => {
  const { output } = await session.invoke('DeleteObjectTagging', request.bucket, versionInput(request), more);
  replyEmpty(request.response, id, 204, versionHeader(output));
};

export const getObjectRetention: Answer = async ({ request, session, id, more }) => {
  const { output } = await session.invoke('GetObjectRetention', request.bucket, versionInput(request), more);
  replyXml(request.response, id, 'Retention', [
    ['Mode', output.mode],
    ['RetainUntilDate', isoTime(output.until)],
  ]);
};

/** Whether the caller says that a retention in governance mode is to be passed over. */
export function bypassHeader(request: S3Request): { bypassGovernance?: true } {
  return header(request, 'x-amz-bypass-governance-retention')?.toLowerCase() === 'true' ? { bypassGovernance: true } : {};
}

export const putObjectRetention: Answer = async ({ request, session, identified, id, more }) => {
  const xml = await readXmlBody(request, identified, { maxBytes: xmlBodyMaxBytes });
  if (xml?.name !== 'Retention') throw refuse('MalformedXML');
  const word = childText(xml, 'Mode')?.trim();
  const mode = (['GOVERNANCE', 'COMPLIANCE'] as const).find((one) => one === word);
  const date = childText(xml, 'RetainUntilDate')?.trim();
  const until = date === undefined ? undefined : Date.parse(date);
  if (word !== mode) throw refuse('MalformedXML');
  if (Number.isNaN(until)) throw refuse('MalformedXML');
  const input = { ...versionInput(request), ...dropUndefined({ mode, until }), ...bypassHeader(request) };
  const { output } = await session.invoke('PutObjectRetention', request.bucket, input, more);
  replyEmpty(request.response, id, 200, versionHeader(output));
};

export const getObjectLegalHold: Answer = async ({ request, session, id, more }) => {
  const { output } = await session.invoke('GetObjectLegalHold', request.bucket, versionInput(request), more);
  replyXml(request.response, id, 'LegalHold', [['Status', output.legalHold ? 'ON' : 'OFF']]);
};

export const putObjectLegalHold: Answer = async ({ request, session, identified, id, more }) => {
  const xml = await readXmlBody(request, identified, { maxBytes: xmlBodyMaxBytes });
  const status = xml && childText(xml, 'Status')?.trim();
  if (xml?.name !== 'LegalHold' || (status !== 'ON' && status !== 'OFF')) throw refuse('MalformedXML');
  const { output } = await session.invoke(
    'PutObjectLegalHold',
    request.bucket,
    { ...versionInput(request), legalHold: status === 'ON' },
    more,
  );
  replyEmpty(request.response, id, 200, versionHeader(output));
};

export const restoreObject: Answer = async ({ request, session, identified, id, more }) => {
  const xml = await readXmlBody(request, identified, { maxBytes: xmlBodyMaxBytes });
  if (xml?.name !== 'RestoreRequest') throw refuse('MalformedXML');
  if (child(xml, 'OutputLocation') || child(xml, 'SelectParameters') || childText(xml, 'Type'))
    throw refuse('NotImplemented', 'Restores that select are not implemented.');
  const glacier = child(xml, 'GlacierJobParameters');
  const tier = (glacier && childText(glacier, 'Tier')?.trim()) ?? childText(xml, 'Tier')?.trim();
  const days = childText(xml, 'Days')?.trim() ?? '';
  if (!/^\d{1,5}$/.test(days)) throw refuse('MalformedXML');
  const input = { ...versionInput(request), days: Number(days), ...(tier === undefined ? {} : { tier: tier as 'Standard' }) };
  try {
    const { output } = await session.invoke('RestoreObject', request.bucket, input, more);
    replyEmpty(request.response, id, output.already ? 200 : 202);
  } catch (error) {
    if (error instanceof OperationError && error.code === 'BadInput') throw refuse('MalformedXML');
    throw error;
  }
};
