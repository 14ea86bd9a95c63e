import java.io.FileInputStream;
import java.util.Properties;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Transactions of 100 records of 100 bytes, one after the other; prints how many a second. Arguments: brokers, properties, topic, count. */
public class Transactions {
    public static void main(String[] arguments) throws Exception {
        Properties all = new Properties();
        try (FileInputStream file = new FileInputStream(arguments[1])) {
            all.load(file);
        }
        all.put("bootstrap.servers", arguments[0]);
        all.put("transactional.id", "bench-" + System.nanoTime());
        all.put("linger.ms", "0");
        int count = Integer.parseInt(arguments[3]);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.initTransactions();
            run(producer, arguments[2], count / 4);
            long began = System.nanoTime();
            run(producer, arguments[2], count);
            System.out.println(count / ((System.nanoTime() - began) / 1e9));
        }
    }

    static void run(KafkaProducer<byte[], byte[]> producer, String topic, int count) throws Exception {
        byte[] value = new byte[100];
        for (int at = 0; at < count; at += 1) {
            producer.beginTransaction();
            Future<RecordMetadata> last = null;
            for (int record = 0; record < 100; record += 1) last = producer.send(new ProducerRecord<>(topic, value));
            producer.commitTransaction();
            last.get();
        }
    }
}
