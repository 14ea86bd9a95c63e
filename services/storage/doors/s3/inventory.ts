import type { TSchema } from 'typebox';
import { OperationError } from '#kernel/contract/fault.ts';
import type { XmlNode } from '#wire/xml/write.ts';
import { Inventory } from '../../contract/inventory.ts';
import { readDocument, writeDocument } from './document.ts';
import { refuse } from './errors.ts';
import type { Answer, Exchange } from './exchange.ts';
import { xmlBodyMaxBytes } from './limits.ts';
import { readXmlBody } from './payload.ts';
import { replyEmpty, replyXml } from './reply.ts';

/** The answer to a request about the inventories of a bucket: one by its id, or, without an id, the list of them. */
export function inventoryAnswer(query: ReadonlyMap<string, string>, method: string): Answer {
  const id = query.get('id');
  if (method === 'GET') return id === undefined ? listInventories : (exchange) => getInventory(exchange, id);
  if (method !== 'PUT' && method !== 'DELETE') throw refuse('MethodNotAllowed');
  if (id === undefined || id === '') throw refuse('InvalidArgument', 'Missing required parameter: id');
  return method === 'PUT' ? (exchange) => putInventory(exchange, id) : (exchange) => deleteInventory(exchange, id);
}

async function getInventory({ request, session, id: reply, more }: Exchange, id: string): Promise<void> {
  const { output } = await session.invoke('GetBucketInventoryConfiguration', request.bucket, { id }, more);
  replyXml(request.response, reply, 'InventoryConfiguration', writeDocument(Inventory, output));
}

const listInventories: Answer = async ({ request, session, id, more }) => {
  const token = request.query.get('continuation-token');
  const after = token === undefined ? undefined : Buffer.from(token, 'base64url').toString('utf8');
  const input = after === undefined ? {} : { after };
  const { output } = await session.invoke('ListBucketInventoryConfigurations', request.bucket, input, more);
  const { configurations, next } = output;
  replyXml(request.response, id, 'ListInventoryConfigurationsResult', [
    ...configurations.map((one): XmlNode => ['InventoryConfiguration', writeDocument(Inventory, one)]),
    ['IsTruncated', next !== undefined],
    token === undefined ? undefined : ['ContinuationToken', token],
    next === undefined ? undefined : ['NextContinuationToken', Buffer.from(next, 'utf8').toString('base64url')],
  ]);
};

async function putInventory(exchange: Exchange, id: string): Promise<void> {
  const { request, session, identified, id: reply, more } = exchange;
  const xml = await readXmlBody(request, identified, { maxBytes: xmlBodyMaxBytes });
  if (xml?.name !== 'InventoryConfiguration') throw refuse('MalformedXML');
  const inventory = readDocument(Inventory as TSchema, xml) as { readonly id?: string };
  if (inventory.id !== id) throw refuse('InvalidArgument', 'The id of the address and that of the configuration differ.');
  try {
    await session.invoke('PutBucketInventoryConfiguration', request.bucket, inventory as never, more);
  } catch (error) {
    // What the schema refuses is XML of another schema, in S3's words.
    if (error instanceof OperationError && error.code === 'BadInput') throw refuse('MalformedXML');
    throw error;
  }
  replyEmpty(request.response, reply, 204);
}

async function deleteInventory({ request, session, id: reply, more }: Exchange, id: string): Promise<void> {
  await session.invoke('DeleteBucketInventoryConfiguration', request.bucket, { id }, more);
  replyEmpty(request.response, reply, 204);
}
