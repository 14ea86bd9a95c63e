import { mediaTypes, newFile, typeOf } from '../../domain/file.ts';
import type { Fields, Thing } from '../../domain/json.ts';
import { invalid, missing } from '../fault.ts';
import { found, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'file';
/** The fields of evidence that name files. */
const named = [
  ...['cancellation_policy', 'customer_communication', 'customer_signature', 'duplicate_charge_documentation', 'receipt'],
  ...['refund_policy', 'service_documentation', 'shipping_documentation', 'uncategorized_file'],
];

async function create({ world, desk, input, context }: Request): Promise<Thing> {
  const id = desk.ids('file');
  const bytes = Buffer.from(String(input.content), 'base64');
  const type = typeOf(bytes);
  if (type === undefined) throw invalid('file', 'Invalid file: a PDF, a PNG, a JPEG or a GIF is taken.', 'invalid_file');
  const own = { id, created: desk.created, origin: context.origin ?? '', type, size: bytes.length };
  const thing = newFile(input, own);
  await world.objects.commit(desk.at, [await world.objects.insertion(desk.at, thing), await world.contents.insertion(desk.at, id, bytes)]);
  return desk.again ? (await found(world, desk.at, kind, id)).thing : thing;
}

async function contents({ world, desk, id }: Request) {
  const { thing } = await found(world, desk.at, kind, id);
  const bytes = await world.contents.get(desk.at, id);
  if (!bytes) throw missing(kind, id);
  return {
    id,
    object: 'file_contents',
    type: mediaTypes[String(thing.type)] ?? 'application/octet-stream',
    content: bytes.toString('base64'),
  };
}

/** Refuses evidence that names a file that is none, or is there for something else. */
export async function checkEvidence({ world, desk }: Request, evidence: Fields): Promise<void> {
  for (const name of named) {
    const id = evidence[name];
    if (typeof id !== 'string') continue;
    const { thing } = await found(world, desk.at, kind, id, `evidence[${name}]`);
    if (thing.purpose !== 'dispute_evidence' && thing.purpose !== name)
      throw invalid(`evidence[${name}]`, `The file ${id} is of the purpose ${String(thing.purpose)}, and not of dispute_evidence.`);
  }
}

export const fileHandlers = (world: World) =>
  handlersOf(world, {
    CreateFile: create,
    GetFile: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListFiles: ({ world, desk, input }) =>
      listed(world.objects, desk.at, kind, pageOf(input, { purpose: `body->>'purpose' = ?` }), '/v1/files'),
    GetFileContents: contents,
  }) satisfies Partial<All>;
