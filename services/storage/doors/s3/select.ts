import { SelectRequest } from '../../contract/select.ts';
import type { Static } from 'typebox';
import { readDocument } from './document.ts';
import { refuse } from './errors.ts';
import type { Answer } from './exchange.ts';
import { selectBodyMaxBytes } from './limits.ts';
import { readXmlBody } from './payload.ts';
import { sendBytes, writeHead } from './reply.ts';
import { customerKeyHeader } from './trait.ts';

/** S3 Select: SQL of one object, answered as an event stream. */
export const selectObjectContent: Answer = async ({ request, session, identified, id, more }) => {
  if (request.query.get('select-type') !== '2') throw refuse('InvalidRequest', 'The select-type must be 2.');
  const xml = await readXmlBody(request, identified, { maxBytes: selectBodyMaxBytes });
  if (xml?.name !== 'SelectObjectContentRequest' && xml?.name !== 'SelectRequest') throw refuse('MalformedXML');
  const asked = readDocument(SelectRequest, xml) as Static<typeof SelectRequest>;
  const customerKey = customerKeyHeader(request);
  const input = { key: request.key, ...asked, ...(customerKey === undefined ? {} : { customerKey }) };
  const { body } = await session.invoke('SelectObjectContent', request.bucket, input, more);
  writeHead(request.response, id, 200, { 'Content-Type': 'application/vnd.amazon.eventstream' });
  if (body) await sendBytes(request.response, body);
};
