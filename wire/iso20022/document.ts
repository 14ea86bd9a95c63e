import { readXml, XmlError } from '../xml/read.ts';
import { writeXml } from '../xml/write.ts';
import { notification, statement } from './camt.ts';
import { iso20022DepthMax, iso20022ElementsMax, iso20022MaxBytes } from './limits.ts';
import { creditTransfer, directDebitCollection, paymentReturn, statusReport, statusRequest } from './pacs.ts';
import { creditTransferOrder, directDebitOrder } from './pain.ts';
import type { Shape } from './shape.ts';
import { Iso20022Error } from './violation.ts';

/** The messages, each in one version of its schema. */
const kinds = {
  'pain.001': { version: 'pain.001.001.10', element: 'CstmrCdtTrfInitn', shape: creditTransferOrder },
  'pain.008': { version: 'pain.008.001.09', element: 'CstmrDrctDbtInitn', shape: directDebitOrder },
  'pacs.002': { version: 'pacs.002.001.11', element: 'FIToFIPmtStsRpt', shape: statusReport },
  'pacs.003': { version: 'pacs.003.001.08', element: 'FIToFICstmrDrctDbt', shape: directDebitCollection },
  'pacs.004': { version: 'pacs.004.001.10', element: 'PmtRtr', shape: paymentReturn },
  'pacs.008': { version: 'pacs.008.001.09', element: 'FIToFICstmrCdtTrf', shape: creditTransfer },
  'pacs.028': { version: 'pacs.028.001.04', element: 'FIToFIPmtStsReq', shape: statusRequest },
  'camt.053': { version: 'camt.053.001.08', element: 'BkToCstmrStmt', shape: statement },
  'camt.054': { version: 'camt.054.001.08', element: 'BkToCstmrDbtCdtNtfctn', shape: notification },
} as const;

type Kinds = typeof kinds;
export type Kind = keyof Kinds;
type ValueOf<S> = S extends Shape<infer Value> ? Value : never;

/** A message by its kind. */
export type Iso20022Message = { readonly [K in Kind]: { readonly kind: K; readonly value: ValueOf<Kinds[K]['shape']> } }[Kind];

const family = 'urn:iso:std:iso:20022:tech:xsd:';

/** Writes a message for the rails of bank transfers: SEPA, RTP, FedNow. What its schema has no room for is an `Iso20022Error`. */
export function writeIso20022({ kind, value }: Iso20022Message): string {
  const { version, element, shape } = kinds[kind];
  const { content } = (shape as Shape<unknown>).write(value, '');
  return writeXml(['Document', [[element, content]], { xmlns: family + version }]);
}

/** Reads a message of any of the kinds. Document types are refused, and with them every entity but XML's own. */
export function readIso20022(bytes: Uint8Array): Iso20022Message {
  const root = parsed(bytes);
  const kind = (Object.keys(kinds) as Kind[]).find((one) => root.space === family + kinds[one].version);
  if (root.name !== 'Document' || kind === undefined)
    throw new Iso20022Error(`${root.name} of ${JSON.stringify(root.space)} is no message that is read`, '');
  const { element, shape } = kinds[kind];
  const [body, ...rest] = root.children;
  if (body?.name !== element || rest.length > 0) throw new Iso20022Error(`${element} alone is due in the document`, '');
  return { kind, value: shape.read(body, '') } as Iso20022Message;
}

function parsed(bytes: Uint8Array) {
  const bounds = { bytes: iso20022MaxBytes, elements: iso20022ElementsMax, depth: iso20022DepthMax, isDetailed: true };
  try {
    return readXml(bytes, bounds);
  } catch (error) {
    throw error instanceof XmlError ? new Iso20022Error(error.message, '') : error;
  }
}
