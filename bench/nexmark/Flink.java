import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.CompiledPlan;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.TableDescriptor;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/** Carries out statements of Flink SQL, one a line behind what is to be done with it, and answers each with a line. */
public final class Flink {
  private static final Map<String, String> SETTINGS =
      Map.of(
          "parallelism.default", "1",
          "pipeline.object-reuse", "true",
          "rest.bind-port", "0",
          "table.local-time-zone", "UTC",
          "table.exec.mini-batch.enabled", "true",
          "table.exec.mini-batch.allow-latency", "2 s",
          "table.exec.mini-batch.size", "50000",
          "table.optimizer.agg-phase-strategy", "TWO_PHASE",
          "table.optimizer.distinct-agg.split.enabled", "true",
          "taskmanager.memory.network.max", "128m");

  private static int made = 0;

  public static void main(String[] args) throws Exception {
    TableEnvironment tables =
        TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(Configuration.fromMap(SETTINGS)).build());
    OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] parts = line.split("\t", 2);
      try {
        switch (parts[0]) {
          case "execute" -> {
            tables.executeSql(parts[1]);
            answer("done");
          }
          case "insert" -> {
            CompiledPlan plan = intoNothing(tables, parts[1]);
            long before = system.getProcessCpuTime();
            long began = System.nanoTime();
            plan.execute().await();
            answer((system.getProcessCpuTime() - before) / 1e9 + "\t" + (System.nanoTime() - began) / 1e9);
          }
          case "last" -> answer(last(tables, parts[1]));
          case "peak" -> answer(peak());
          default -> throw new IllegalArgumentException(parts[0]);
        }
      } catch (Exception error) {
        Throwable cause = error;
        while (cause.getCause() != null) cause = cause.getCause();
        answer("error\t" + String.valueOf(cause).replaceAll("\\s+", " ").replaceAll("^(.{300}).*", "$1"));
      }
    }
    System.exit(0);
  }

  /** A query with a table behind it that keeps nothing, planned. */
  private static CompiledPlan intoNothing(TableEnvironment tables, String text) throws Exception {
    String name = "nothing" + made++;
    DataType row = tables.sqlQuery(text).getResolvedSchema().toPhysicalRowDataType();
    Schema schema = Schema.newBuilder().fromRowDataType(row).build();
    tables.createTable(name, TableDescriptor.forConnector("blackhole").schema(schema).build());
    return tables.compilePlanSql("insert into " + name + " " + text);
  }

  private static void answer(String text) {
    System.out.println("=\t" + text);
    System.out.flush();
  }

  /** The row that a query over everything comes to in the end. */
  private static String last(TableEnvironment tables, String text) throws Exception {
    Row last = null;
    try (CloseableIterator<Row> rows = tables.executeSql(text).collect()) {
      while (rows.hasNext()) {
        Row row = rows.next();
        if (row.getKind().shortString().startsWith("+")) last = row;
      }
    }
    StringBuilder found = new StringBuilder();
    for (int at = 0; last != null && at < last.getArity(); at++) found.append(at == 0 ? "" : "\t").append(last.getField(at));
    return found.toString();
  }

  /** The most memory that this process has had resident, in kB. */
  private static String peak() throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) if (line.startsWith("VmHWM:")) return line.replaceAll("\\D", "");
    return "";
  }
}
