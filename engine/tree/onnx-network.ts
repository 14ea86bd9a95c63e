import { allIn, type Message, messageOf, numberIn, textIn, writtenMessage } from './onnx-file.ts';
import { graphDepthMax } from './limits.ts';
import { ModelError } from './tree.ts';

/** Operators that answer otherwise each time. */
const refused = /^(Random(Normal|Uniform)(Like)?|Multinomial|Bernoulli|Dropout)$/;
const [graphField, functionsField] = [7, 25];

/**
 * A file of ONNX (onnx.proto: ModelProto) as a runtime of tensors can answer it: shares that it tells as lists of maps (ZipMap) are
 * told as the table that they are made of. Throws ModelError for what is no graph, keeps numbers in other files, or goes by chance.
 */
export function plainNetwork(file: Uint8Array): Uint8Array {
  const model = messageOf(file);
  const [graph] = allIn(model, graphField);
  if (!graph) throw new ModelError('no file of ONNX');
  for (const each of allIn(model, functionsField)) checkNodes(allIn(messageOf(each), 7), 1);
  const own = messageOf(graph);
  checkGraph(own, 1);
  const nodes = allIn(own, 1);
  const zipped = new Set(nodes.map(messageOf).flatMap((node) => (textIn(node, 4) === 'ZipMap' ? [textIn(node, 2)] : [])));
  if (zipped.size === 0) return file;
  const made = new Map<number, Fields>([
    ...own,
    [1, nodes.map((node) => (textIn(messageOf(node), 4) === 'ZipMap' ? passing(messageOf(node)) : node))],
    [12, allIn(own, 12).map((output) => (zipped.has(textIn(messageOf(output), 1)) ? tensorNamed(textIn(messageOf(output), 1)) : output))],
  ]);
  return writtenMessage(new Map([...model, [graphField, [writtenMessage(made)]]]));
}

type Fields = readonly (Uint8Array | number)[];
const encoded = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The operator that answers what it is given, from and to where another does (NodeProto). */
const passing = (node: Message): Uint8Array =>
  writtenMessage(new Map<number, Fields>([...[1, 2].map((field) => [field, allIn(node, field)] as const), [4, [encoded('Identity')]]]));

/** A value of single precision, of any shape (ValueInfoProto). */
function tensorNamed(name: string): Uint8Array {
  const tensor = writtenMessage(new Map([[1, [1]]]));
  const type = writtenMessage(new Map([[1, [tensor]]]));
  return writtenMessage(
    new Map<number, Fields>([
      [1, [encoded(name)]],
      [2, [type]],
    ]),
  );
}

function checkGraph(graph: Message, depth: number): void {
  if (depth > graphDepthMax) throw new ModelError(`graphs within ${graphDepthMax} others`);
  for (const tensor of allIn(graph, 5).map(messageOf)) checkTensor(tensor);
  checkNodes(allIn(graph, 1), depth);
}

function checkTensor(tensor: Message): void {
  if (numberIn(tensor, 14) === 1 || allIn(tensor, 13).length > 0)
    throw new ModelError('numbers that lie in other files are not served: save the model as one file');
}

function checkNodes(nodes: readonly Uint8Array[], depth: number): void {
  for (const node of nodes.map(messageOf)) {
    const type = textIn(node, 4);
    // Its third input says that a network is trained; without it nothing is left out.
    const isPlain = type === 'Dropout' && (allIn(node, 1)[2]?.length ?? 0) === 0;
    if (refused.test(type) && !isPlain) throw new ModelError(`the operator ${type} answers otherwise each time, so it is not served`);
    for (const attribute of allIn(node, 5).map(messageOf)) {
      for (const tensor of [...allIn(attribute, 5), ...allIn(attribute, 10)]) checkTensor(messageOf(tensor));
      for (const graph of [...allIn(attribute, 6), ...allIn(attribute, 11)]) checkGraph(messageOf(graph), depth + 1);
    }
  }
}
