import java.time.Duration;
import java.util.*;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.quota.*;
import org.apache.kafka.common.resource.*;
import org.apache.kafka.common.serialization.*;

/** Drives the log by Apache Kafka's own clients, unmodified; prints a check per line. Arguments: brokers, user, password. */
public class Checks {
    static Properties base = new Properties();

    interface Step {
        void run() throws Exception;
    }

    static void told(String title, Step step) {
        String detail = null;
        try {
            step.run();
        } catch (Throwable error) {
            detail = error.toString().replace("\\", "/").replace("\"", "'").replaceAll("\\s+", " ");
        }
        System.out.println("{\"title\": \"" + title + "\", \"ok\": " + (detail == null)
            + (detail == null ? "" : ", \"detail\": \"" + detail + "\"") + "}");
        System.out.flush();
    }

    static void holds(boolean what, Object why) {
        if (!what) throw new AssertionError(String.valueOf(why));
    }

    static Properties with(String... more) {
        Properties all = new Properties();
        all.putAll(base);
        for (int at = 0; at < more.length; at += 2) all.put(more[at], more[at + 1]);
        return all;
    }

    static Admin admin() {
        return Admin.create(with());
    }

    static void create(String topic, int partitions) throws Exception {
        try (Admin admin = admin()) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get(20, TimeUnit.SECONDS);
        }
    }

    static KafkaProducer<String, String> producer(String... more) {
        return new KafkaProducer<>(with(more), new StringSerializer(), new StringSerializer());
    }

    static KafkaConsumer<String, String> consumer(String group, String... more) {
        Properties all = with(more);
        all.put("group.id", group);
        all.put("auto.offset.reset", "earliest");
        all.put("enable.auto.commit", "false");
        return new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer());
    }

    static List<String> read(String topic, String group, int count, String... more) {
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = consumer(group, more)) {
            consumer.subscribe(List.of(topic));
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (values.size() < count && System.nanoTime() < end)
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) values.add(record.value());
            consumer.commitSync();
        }
        holds(values.size() == count, values);
        return values;
    }

    static void roundtrip() throws Exception {
        create("java-plain", 3);
        Set<String> sent = new TreeSet<>();
        try (KafkaProducer<String, String> producer = producer("compression.type", "gzip", "linger.ms", "20")) {
            for (int at = 0; at < 500; at++) {
                sent.add("v" + at);
                producer.send(new ProducerRecord<>("java-plain", "k" + at % 7, "v" + at));
            }
        }
        holds(new TreeSet<>(read("java-plain", "java-classic", 500)).equals(sent), "not what was sent");
        try (KafkaProducer<String, String> producer = producer()) {
            producer.send(new ProducerRecord<>("java-plain", "more")).get(20, TimeUnit.SECONDS);
        }
        holds(read("java-plain", "java-classic", 1).equals(List.of("more")), "the group did not go on");
    }

    static void nextProtocol() throws Exception {
        holds(read("java-plain", "java-next", 501, "group.protocol", "consumer").size() == 501, "not all");
    }

    static void byExpression() throws Exception {
        create("java-tried-1", 1);
        try (KafkaProducer<String, String> producer = producer()) {
            producer.send(new ProducerRecord<>("java-tried-1", "one")).get(20, TimeUnit.SECONDS);
        }
        Set<String> values = new TreeSet<>();
        try (KafkaConsumer<String, String> consumer = consumer("java-triers", "group.protocol", "consumer")) {
            consumer.subscribe(new SubscriptionPattern("java-tried-\\d"));
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (values.size() < 2 && System.nanoTime() < end) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    values.add(record.topic() + " " + record.value());
                    if (values.size() > 1) continue;
                    // A topic that is made later matches as well.
                    create("java-tried-2", 1);
                    try (KafkaProducer<String, String> producer = producer()) {
                        producer.send(new ProducerRecord<>("java-tried-2", "two")).get(20, TimeUnit.SECONDS);
                    }
                }
            }
            holds(values.equals(Set.of("java-tried-1 one", "java-tried-2 two")), values);
        }
        try (KafkaConsumer<String, String> consumer = consumer("java-triers-2", "group.protocol", "consumer")) {
            consumer.subscribe(new SubscriptionPattern("java-tried-("));
            String said = "nothing";
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            try {
                while (System.nanoTime() < end) consumer.poll(Duration.ofMillis(200));
            } catch (InvalidRegularExpression error) {
                said = "invalid";
            }
            holds(said.equals("invalid"), said);
        }
    }

    static void transactions() throws Exception {
        create("java-in", 1);
        create("java-out", 1);
        try (KafkaProducer<String, String> producer = producer()) {
            for (String value : List.of("a", "b", "c")) producer.send(new ProducerRecord<>("java-in", value)).get(20, TimeUnit.SECONDS);
        }
        try (KafkaProducer<String, String> producer = producer("transactional.id", "java-mover");
             KafkaConsumer<String, String> consumer = consumer("java-movers", "isolation.level", "read_committed")) {
            producer.initTransactions();
            consumer.subscribe(List.of("java-in"));
            int moved = 0;
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (moved < 3 && System.nanoTime() < end) {
                ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(200));
                if (records.isEmpty()) continue;
                producer.beginTransaction();
                for (ConsumerRecord<String, String> record : records)
                    producer.send(new ProducerRecord<>("java-out", record.value().toUpperCase()));
                TopicPartition place = new TopicPartition("java-in", 0);
                producer.sendOffsetsToTransaction(Map.of(place, new OffsetAndMetadata(consumer.position(place))), consumer.groupMetadata());
                producer.commitTransaction();
                moved += records.count();
            }
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("java-out", "never"));
            producer.flush();
            producer.abortTransaction();
            holds(consumer.committed(Set.of(new TopicPartition("java-in", 0))).values().iterator().next().offset() == 3, "offsets");
        }
        holds(read("java-out", "java-out", 3, "isolation.level", "read_committed").equals(List.of("A", "B", "C")), "not what was committed");
    }

    static void fenced() throws Exception {
        create("java-fence", 1);
        try (KafkaProducer<String, String> first = producer("transactional.id", "java-fence");
             KafkaProducer<String, String> second = producer("transactional.id", "java-fence")) {
            first.initTransactions();
            first.beginTransaction();
            first.send(new ProducerRecord<>("java-fence", "zombie"));
            first.flush();
            second.initTransactions();
            try {
                first.commitTransaction();
                throw new AssertionError("the older producer committed");
            } catch (ProducerFencedException | InvalidProducerEpochException expected) {
                second.beginTransaction();
                second.send(new ProducerRecord<>("java-fence", "heir"));
                second.commitTransaction();
            }
        }
        holds(read("java-fence", "java-fence", 1, "isolation.level", "read_committed").equals(List.of("heir")), "zombies");
    }

    static void administration() throws Exception {
        try (Admin admin = admin()) {
            admin.createTopics(List.of(new NewTopic("java-managed", 1, (short) 1).configs(Map.of("retention.ms", "60000")))).all().get(20, TimeUnit.SECONDS);
            ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "java-managed");
            Config config = admin.describeConfigs(List.of(resource)).all().get(20, TimeUnit.SECONDS).get(resource);
            holds(config.get("retention.ms").value().equals("60000") && config.get("cleanup.policy").isDefault(), config);
            AlterConfigOp change = new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.SET);
            admin.incrementalAlterConfigs(Map.of(resource, List.of(change))).all().get(20, TimeUnit.SECONDS);
            admin.createPartitions(Map.of("java-managed", NewPartitions.increaseTo(3))).all().get(20, TimeUnit.SECONDS);
            TopicDescription told = admin.describeTopics(List.of("java-managed")).allTopicNames().get(20, TimeUnit.SECONDS).get("java-managed");
            holds(told.partitions().size() == 3, told);
            TopicPartition place = new TopicPartition("java-plain", 0);
            long latest = admin.listOffsets(Map.of(place, OffsetSpec.latest())).all().get(20, TimeUnit.SECONDS).get(place).offset();
            admin.deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(latest))).all().get(20, TimeUnit.SECONDS);
            holds(admin.listOffsets(Map.of(place, OffsetSpec.earliest())).all().get(20, TimeUnit.SECONDS).get(place).offset() == latest, "start");
            admin.deleteTopics(List.of("java-managed")).all().get(20, TimeUnit.SECONDS);
            holds(!admin.listTopics().names().get(20, TimeUnit.SECONDS).contains("java-managed"), "still there");
            holds(admin.describeCluster().nodes().get(20, TimeUnit.SECONDS).size() == 1, "nodes");
        }
    }

    static void groups() throws Exception {
        try (Admin admin = admin()) {
            var listed = admin.listGroups().all().get(20, TimeUnit.SECONDS);
            holds(listed.stream().anyMatch(group -> group.groupId().equals("java-classic")), listed);
            var offsets = admin.listConsumerGroupOffsets("java-classic").partitionsToOffsetAndMetadata().get(20, TimeUnit.SECONDS);
            holds(offsets.values().stream().mapToLong(OffsetAndMetadata::offset).sum() == 501, offsets);
            holds(admin.describeConsumerGroups(List.of("java-next")).all().get(20, TimeUnit.SECONDS).get("java-next").members().isEmpty(), "members");
            admin.deleteConsumerGroups(List.of("java-classic")).all().get(20, TimeUnit.SECONDS);
            holds(admin.listGroups().all().get(20, TimeUnit.SECONDS).stream().noneMatch(group -> group.groupId().equals("java-classic")), "still there");
        }
    }

    static void transactionsSeen() throws Exception {
        create("java-open", 1);
        try (Admin admin = admin(); KafkaProducer<String, String> producer = producer("transactional.id", "java-open")) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("java-open", "open")).get(20, TimeUnit.SECONDS);
            var listed = admin.listTransactions().all().get(20, TimeUnit.SECONDS);
            holds(listed.stream().anyMatch(one -> one.transactionalId().equals("java-open") && one.state() == TransactionState.ONGOING), listed);
            var told = admin.describeTransactions(List.of("java-open")).description("java-open").get(20, TimeUnit.SECONDS);
            TopicPartition place = new TopicPartition("java-open", 0);
            holds(told.topicPartitions().equals(Set.of(place)), told);
            var producers = admin.describeProducers(List.of(place)).partitionResult(place).get(20, TimeUnit.SECONDS).activeProducers();
            holds(producers.size() == 1 && producers.get(0).currentTransactionStartOffset().isPresent(), producers);
            holds(!admin.describeLogDirs(List.of(1)).allDescriptions().get(20, TimeUnit.SECONDS).get(1).isEmpty(), "log dirs");
            producer.abortTransaction();
        }
    }

    static Properties as(String user, String password, String mechanism) {
        String module = "org.apache.kafka.common.security.scram.ScramLoginModule";
        return with("sasl.mechanism", mechanism, "sasl.jaas.config",
            module + " required username=\"" + user + "\" password=\"" + password + "\";");
    }

    static Throwable refusal(org.apache.kafka.common.KafkaFuture<?> asked) throws Exception {
        try {
            asked.get(20, TimeUnit.SECONDS);
            return null;
        } catch (java.util.concurrent.ExecutionException error) {
            return error.getCause();
        }
    }

    static AclBinding rule(ResourceType type, String name, PatternType pattern, AclOperation operation, AclPermissionType permission) {
        return new AclBinding(new ResourcePattern(type, name, pattern), new AccessControlEntry("User:java-user", "*", operation, permission));
    }

    static void users() throws Exception {
        try (Admin admin = admin()) {
            ScramCredentialInfo weak = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096);
            ScramCredentialInfo strong = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 8192);
            admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion("java-user", weak, "first"),
                new UserScramCredentialUpsertion("java-other", strong, "other"))).all().get(20, TimeUnit.SECONDS);
            admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion("java-user", strong, "second"))).all().get(20, TimeUnit.SECONDS);
            var told = admin.describeUserScramCredentials(List.of("java-user")).description("java-user").get(20, TimeUnit.SECONDS);
            holds(new HashSet<>(told.credentialInfos()).equals(Set.of(weak, strong)), told);
            for (String[] login : new String[][] {{"first", "SCRAM-SHA-256"}, {"second", "SCRAM-SHA-512"}})
                try (Admin mine = Admin.create(as("java-user", login[0], login[1]))) {
                    holds(!mine.describeCluster().nodes().get(20, TimeUnit.SECONDS).isEmpty(), login[1]);
                }
            admin.alterUserScramCredentials(List.of(new UserScramCredentialDeletion("java-user", ScramMechanism.SCRAM_SHA_256))).all().get(20, TimeUnit.SECONDS);
            try (Admin mine = Admin.create(as("java-user", "first", "SCRAM-SHA-256"))) {
                holds(refusal(mine.describeCluster().nodes()) instanceof SaslAuthenticationException, "a deleted mechanism lets in");
            }
            holds(refusal(admin.alterUserScramCredentials(List.of(new UserScramCredentialDeletion("nobody", ScramMechanism.SCRAM_SHA_256))).all())
                instanceof ResourceNotFoundException, "nobody was deleted");
        }
    }

    static String sent(String topic) throws Exception {
        Properties mine = as("java-user", "second", "SCRAM-SHA-512");
        mine.put("max.block.ms", "15000");
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(mine, new StringSerializer(), new StringSerializer())) {
            producer.send(new ProducerRecord<>(topic, "v")).get(20, TimeUnit.SECONDS);
            return "sent";
        } catch (java.util.concurrent.ExecutionException error) {
            return error.getCause().getClass().getSimpleName();
        }
    }

    static void comes(String topic, String wanted) throws Exception {
        String got = "";
        for (int tries = 0; tries < 60 && !(got = sent(topic)).equals(wanted); tries++) Thread.sleep(100);
        holds(got.equals(wanted), got);
    }

    static void acls() throws Exception {
        create("java-ours", 1);
        create("java-theirs", 1);
        AclBinding may = rule(ResourceType.TOPIC, "java-o", PatternType.PREFIXED, AclOperation.WRITE, AclPermissionType.ALLOW);
        AclBinding mayAll = rule(ResourceType.TOPIC, "*", PatternType.LITERAL, AclOperation.ALL, AclPermissionType.ALLOW);
        AclBinding mayNot = rule(ResourceType.TOPIC, "java-theirs", PatternType.LITERAL, AclOperation.WRITE, AclPermissionType.DENY);
        AclBindingFilter ofUser = new AclBindingFilter(ResourcePatternFilter.ANY,
            new AccessControlEntryFilter("User:java-user", null, AclOperation.ANY, AclPermissionType.ANY));
        try (Admin admin = admin(); Admin mine = Admin.create(as("java-user", "second", "SCRAM-SHA-512"))) {
            holds(sent("java-ours").equals("TopicAuthorizationException"), "without a rule");
            admin.createAcls(List.of(may)).all().get(20, TimeUnit.SECONDS);
            comes("java-ours", "sent");
            holds(sent("java-theirs").equals("TopicAuthorizationException"), "beside the prefix");
            holds(mine.listTopics().names().get(20, TimeUnit.SECONDS).equals(Set.of("java-ours", "java-open", "java-out")), "seen");
            admin.createAcls(List.of(mayAll, mayNot)).all().get(20, TimeUnit.SECONDS);
            comes("java-in", "sent");
            holds(sent("java-theirs").equals("TopicAuthorizationException"), "what denies did not win");
            holds(new HashSet<>(admin.describeAcls(ofUser).values().get(20, TimeUnit.SECONDS)).equals(Set.of(may, mayAll, mayNot)), "listed");
            AclBindingFilter onTheirs = new AclBindingFilter(
                new ResourcePatternFilter(ResourceType.TOPIC, "java-theirs", PatternType.MATCH), AccessControlEntryFilter.ANY);
            holds(new HashSet<>(admin.describeAcls(onTheirs).values().get(20, TimeUnit.SECONDS)).equals(Set.of(mayAll, mayNot)), "matched");
            holds(refusal(mine.createAcls(List.of(mayAll)).all()) instanceof ClusterAuthorizationException, "a user made a rule");
            AccessControlEntry host = new AccessControlEntry("User:java-user", "10.0.0.1", AclOperation.READ, AclPermissionType.ALLOW);
            holds(refusal(admin.createAcls(List.of(new AclBinding(may.pattern(), host))).all()) instanceof InvalidRequestException, "a host");
            holds(admin.deleteAcls(List.of(ofUser)).all().get(20, TimeUnit.SECONDS).size() == 3, "deleted");
            comes("java-ours", "TopicAuthorizationException");
        }
    }

    static ClientQuotaEntity of(String... names) {
        Map<String, String> entries = new HashMap<>();
        for (int at = 0; at < names.length; at += 2) entries.put(names[at], names[at + 1]);
        return new ClientQuotaEntity(entries);
    }

    static void limit(Admin admin, ClientQuotaEntity entity, String key, Double value) throws Exception {
        var change = new ClientQuotaAlteration(entity, List.of(new ClientQuotaAlteration.Op(key, value)));
        admin.alterClientQuotas(List.of(change)).all().get(20, TimeUnit.SECONDS);
    }

    static double metric(Map<MetricName, ? extends Metric> metrics, String name) {
        return metrics.values().stream().filter(one -> one.metricName().name().equals(name))
            .mapToDouble(one -> ((Number) one.metricValue()).doubleValue()).filter(one -> !Double.isNaN(one)).max().orElse(0);
    }

    static void quotas() throws Exception {
        create("java-limited", 1);
        try (Admin admin = admin()) {
            ClientQuotaEntity writer = of("client-id", "java-writer"), reader = of("client-id", "java-reader"), ip = of("ip", null);
            limit(admin, writer, "producer_byte_rate", 20000.0);
            limit(admin, reader, "consumer_byte_rate", 20000.0);
            limit(admin, of("user", null, "client-id", "java-busy"), "request_percentage", 50.5);
            limit(admin, ip, "connection_creation_rate", 1000.0);
            var all = admin.describeClientQuotas(ClientQuotaFilter.all()).entities().get(20, TimeUnit.SECONDS);
            holds(all.size() == 4 && all.get(writer).equals(Map.of("producer_byte_rate", 20000.0)), all);
            holds(all.get(of("user", null, "client-id", "java-busy")).equals(Map.of("request_percentage", 50.5)), all);
            var found = admin.describeClientQuotas(ClientQuotaFilter.containsOnly(List.of(ClientQuotaFilterComponent.ofDefaultEntity("ip"))))
                .entities().get(20, TimeUnit.SECONDS);
            holds(found.equals(Map.of(ip, Map.of("connection_creation_rate", 1000.0))), found);
            holds(refusal(admin.alterClientQuotas(List.of(new ClientQuotaAlteration(writer,
                List.of(new ClientQuotaAlteration.Op("connection_creation_rate", 1.0))))).all()) instanceof InvalidRequestException, "a wrong key");
            try (KafkaProducer<String, String> producer = producer("client.id", "java-writer", "batch.size", "1", "linger.ms", "0")) {
                for (int at = 0; at < 12; at++) producer.send(new ProducerRecord<>("java-limited", "x".repeat(20000))).get(60, TimeUnit.SECONDS);
                holds(metric(producer.metrics(), "produce-throttle-time-max") > 0, "the producer was not throttled");
            }
            try (KafkaConsumer<String, String> consumer = consumer("java-limited", "client.id", "java-reader", "fetch.max.bytes", "50000")) {
                consumer.subscribe(List.of("java-limited"));
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
                for (int count = 0; count < 12 && System.nanoTime() < end; ) count += consumer.poll(Duration.ofMillis(200)).count();
                for (int tries = 0; tries < 50 && metric(consumer.metrics(), "fetch-throttle-time-max") == 0; tries++)
                    consumer.poll(Duration.ofMillis(100));
                holds(metric(consumer.metrics(), "fetch-throttle-time-max") > 0, "the consumer was not throttled");
            }
            limit(admin, of("client-id", "java-maker"), "controller_mutation_rate", 0.1);
        }
        try (Admin maker = Admin.create(with("client.id", "java-maker"))) {
            maker.createTopics(List.of(new NewTopic("java-first", 3, (short) 1))).all().get(20, TimeUnit.SECONDS);
            var hasty = new CreateTopicsOptions().retryOnQuotaViolation(false);
            holds(refusal(maker.createTopics(List.of(new NewTopic("java-second", 3, (short) 1)), hasty).all())
                instanceof ThrottlingQuotaExceededException, "partitions beyond the quota were made");
        }
        try (Admin admin = admin()) {
            limit(admin, of("client-id", "java-writer"), "producer_byte_rate", null);
            limit(admin, of("client-id", "java-reader"), "consumer_byte_rate", null);
            limit(admin, of("client-id", "java-maker"), "controller_mutation_rate", null);
            limit(admin, of("user", null, "client-id", "java-busy"), "request_percentage", null);
            limit(admin, of("ip", null), "connection_creation_rate", null);
            holds(admin.describeClientQuotas(ClientQuotaFilter.all()).entities().get(20, TimeUnit.SECONDS).isEmpty(), "quotas are left");
        }
    }

    static void refused() throws Exception {
        String login = base.getProperty("sasl.jaas.config").replaceAll("password=\"[^\"]*\"", "password=\"wrong\"");
        try (Admin admin = Admin.create(with("sasl.jaas.config", login))) {
            admin.listTopics().names().get(20, TimeUnit.SECONDS);
            throw new AssertionError("a stranger was let in");
        } catch (java.util.concurrent.ExecutionException error) {
            holds(error.getCause() instanceof SaslAuthenticationException, error);
        }
    }

    public static void main(String[] argv) {
        base.put("bootstrap.servers", argv[0]);
        base.put("security.protocol", "SASL_PLAINTEXT");
        base.put("sasl.mechanism", "SCRAM-SHA-512");
        base.put("sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"" + argv[1] + "\" password=\"" + argv[2] + "\";");
        told("a group of the classic protocol reads what was written, and goes on where it was", Checks::roundtrip);
        told("a group of the consumer protocol reads all partitions", Checks::nextProtocol);
        told("a group of the consumer protocol subscribes by an expression that the broker tries", Checks::byExpression);
        told("read, write and commit in one transaction; an aborted one is not read", Checks::transactions);
        told("a second producer of a transactional id fences the first", Checks::fenced);
        told("topics are configured, grown, shortened and deleted", Checks::administration);
        told("groups are listed, described and deleted", Checks::groups);
        told("open transactions, their producers and log directories are told", Checks::transactionsSeen);
        told("SCRAM users are made, log in, are described, changed and deleted", Checks::users);
        told("ACLs bind a SCRAM user: literal, prefixed, all, and what denies wins", Checks::acls);
        told("client quotas are set, told, felt by producer, consumer and admin, and taken back", Checks::quotas);
        told("a wrong password is refused", Checks::refused);
        System.exit(0);
    }
}
