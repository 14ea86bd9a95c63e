import type { RequestOf } from '#wire/kafka/api.ts';
import { OperationError } from '#kernel/contract/fault.ts';
import { errorCode } from '#wire/kafka/error.ts';
import { alterConfigs, describeConfigs, describeLogDirs, incrementalAlterConfigs } from '#wire/kafka/message/config.ts';
import { type Config, configValue, topicConfig } from '../../domain/config.ts';
import { brokerConfig, type BrokerSettings } from '../../domain/broker-config.ts';
import { type Asking, granted, route } from './exchange.ts';
import { wordError } from './errors.ts';

/** What kinds of things have a configuration: KIP-133. */
const kinds = { topic: 2, broker: 4 } as const;
/** Where a value comes from: the topic's own, the broker's start, the default. */
const sources = { topic: 1, static: 4, default: 5 } as const;

type Wanted = RequestOf<typeof describeConfigs>['resources'][number];

function topicEntries(config: Config, keys: readonly string[] | null, synonyms: boolean, documented: boolean) {
  return Object.entries(topicConfig)
    .filter(([name]) => keys === null || keys.includes(name))
    .map(([name, entry]) => {
      const own = config[name];
      const chain = [
        ...(own === undefined ? [] : [{ name, value: own, source: sources.topic }]),
        { name, value: entry.default, source: sources.default },
      ];
      return {
        name,
        value: configValue(config, name),
        readOnly: false,
        configSource: own === undefined ? sources.default : sources.topic,
        isDefault: own === undefined,
        isSensitive: false,
        synonyms: synonyms ? chain : [],
        configType: entry.type,
        documentation: documented ? entry.text : null,
      };
    });
}

function brokerEntries(settings: BrokerSettings, keys: readonly string[] | null) {
  return Object.entries(brokerConfig(settings))
    .filter(([name]) => keys === null || keys.includes(name))
    .map(([name, { value, type }]) => ({
      name,
      value,
      readOnly: true,
      configSource: sources.static,
      isSensitive: false,
      synonyms: [],
      configType: type,
      documentation: null,
    }));
}

async function describe(asking: Asking, { resourceType, resourceName, configurationKeys }: Wanted, synonyms: boolean, documented: boolean) {
  const { broker, session } = asking;
  const told = (code: number, errorMessage: string | null, configs: object[] = []) => ({
    errorCode: code,
    errorMessage,
    resourceType,
    resourceName,
    configs,
  });
  if (resourceType === kinds.topic) {
    if (!(await granted(asking, 'DescribeTopicConfig', resourceName)))
      return told(errorCode.TOPIC_AUTHORIZATION_FAILED, 'Topic authorization failed.');
    const topic = broker.topics.find(session.caller.scope, resourceName);
    if (!topic) return told(errorCode.UNKNOWN_TOPIC_OR_PARTITION, `Topic '${resourceName}' does not exist.`);
    return told(0, null, topicEntries(topic.config, configurationKeys, synonyms, documented));
  }
  if (resourceType !== kinds.broker) return told(errorCode.INVALID_REQUEST, 'Only topics and brokers have a configuration here.');
  if (resourceName !== '' && resourceName !== String(broker.nodeId))
    return told(errorCode.INVALID_REQUEST, `There is no broker ${resourceName}.`);
  return told(0, null, brokerEntries(asking.broker.settings, configurationKeys));
}

const answerDescribe = route(describeConfigs, async (message, asking) => ({
  throttleTimeMs: 0,
  results: await Promise.all(
    message.resources.map((wanted) => describe(asking, wanted, message.includeSynonyms, message.includeDocumentation)),
  ),
}));

type Change = { readonly set: Record<string, string>; readonly unset: string[]; readonly replace: boolean };

async function alter({ session, broker }: Asking, resourceType: number, name: string, change: Change | string, validateOnly: boolean) {
  const told = (code: number, errorMessage: string | null) => ({ errorCode: code, errorMessage, resourceType, resourceName: name });
  if (resourceType !== kinds.topic) return told(errorCode.INVALID_REQUEST, 'Only the configuration of topics can be changed.');
  if (typeof change === 'string') return told(errorCode.INVALID_CONFIG, change);
  const topic = broker.topics.find(session.caller.scope, name);
  try {
    if (validateOnly && topic) {
      const wrong = broker.topics.wrongConfig(topic.tenant, { ...(change.replace ? {} : topic.config), ...change.set }, topic.config);
      return wrong ? told(errorCode.INVALID_CONFIG, wrong) : told(0, null);
    }
    await session.invoke('AlterTopicConfig', name, change);
    return told(0, null);
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    const { errorCode: code, errorMessage } = wordError(error, 'TOPIC_AUTHORIZATION_FAILED');
    return told(code, errorMessage);
  }
}

const answerAlter = route(alterConfigs, async (message, asking) => {
  const responses = [];
  for (const { resourceType, resourceName, configs } of message.resources) {
    const set = Object.fromEntries(configs.filter(({ value }) => value !== null).map(({ name, value }) => [name, value as string]));
    responses.push(await alter(asking, resourceType, resourceName, { set, unset: [], replace: true }, message.validateOnly));
  }
  return { throttleTimeMs: 0, responses };
});

/** KIP-339: set, delete, append to a list, take from a list. */
const operations = { set: 0, delete: 1, append: 2, subtract: 3 } as const;
type Entry = RequestOf<typeof incrementalAlterConfigs>['resources'][number]['configs'][number];

/** The changes as values, or why they are refused. */
function changeOf(config: Config, entries: readonly Entry[]): Change | string {
  const set: Record<string, string> = {};
  const unset: string[] = [];
  if (new Set(entries.map(({ name }) => name)).size < entries.length) return 'A configuration is named twice.';
  for (const { name, configOperation, value } of entries) {
    const parts = () => configValue(config, name).split(',').filter(Boolean);
    const named = (value ?? '').split(',').filter(Boolean);
    if (configOperation === operations.delete) unset.push(name);
    else if (value === null) return `Null value not supported for ${name}.`;
    else if (configOperation === operations.set) set[name] = value;
    else if (topicConfig[name]?.type !== 7) return `Config value append is not allowed for config key: ${name}`;
    else if (configOperation === operations.append) set[name] = [...new Set([...parts(), ...named])].join(',');
    else if (configOperation === operations.subtract)
      set[name] = parts()
        .filter((part) => !named.includes(part))
        .join(',');
    else return `There is no operation ${configOperation}.`;
  }
  return { set, unset, replace: false };
}

const answerIncremental = route(incrementalAlterConfigs, async (message, asking) => {
  const responses = [];
  for (const { resourceType, resourceName, configs } of message.resources) {
    const config = asking.broker.topics.find(asking.session.caller.scope, resourceName)?.config ?? {};
    responses.push(await alter(asking, resourceType, resourceName, changeOf(config, configs), message.validateOnly));
  }
  return { throttleTimeMs: 0, responses };
});

const answerLogDirs = route(describeLogDirs, async (message, asking) => {
  const { broker, session } = asking;
  const may = await granted(asking, 'ListTopics', '');
  if (!may) return { throttleTimeMs: 0, errorCode: errorCode.CLUSTER_AUTHORIZATION_FAILED, results: [] };
  const wanted = message.topics && new Map(message.topics.map(({ topic, partitions }) => [topic, partitions]));
  const topics = broker.topics
    .list(session.caller.scope)
    .filter(({ name }) => !wanted || wanted.has(name))
    .map(({ name, partitions }) => ({
      name,
      partitions: partitions
        .filter(({ index }) => !wanted || wanted.get(name)?.includes(index))
        .map((partition) => ({ partitionIndex: partition.index, partitionSize: partition.localBytes, offsetLag: 0, isFutureKey: false })),
    }));
  // Where the platform keeps its files is its own affair.
  return { throttleTimeMs: 0, errorCode: 0, results: [{ errorCode: 0, logDir: 'log', topics, totalBytes: -1, usableBytes: -1 }] };
});

export const configRoutes = [answerDescribe, answerAlter, answerIncremental, answerLogDirs];
