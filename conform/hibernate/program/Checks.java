import jakarta.persistence.CascadeType;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.ManyToOne;
import jakarta.persistence.OneToMany;
import jakarta.persistence.OptimisticLockException;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.hibernate.SessionFactory;
import org.hibernate.cfg.Configuration;
import org.hibernate.exception.ConstraintViolationException;

/** Drives analytics by Flyway and Hibernate, unmodified; prints a check per line. */
public class Checks {
  static String address;
  static String user;
  static String password;
  static String migrations;

  interface Step {
    void run() throws Exception;
  }

  static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\r", "").replace("\t", " ") + '"';
  }

  static void told(String title, Step step) {
    try {
      step.run();
      System.out.println("{\"title\":" + quoted(title) + ",\"ok\":true}");
    } catch (Throwable error) {
      var text = new StringBuilder();
      for (var cause = error; cause != null; cause = cause.getCause()) text.append(cause).append("; ");
      System.out.println("{\"title\":" + quoted(title) + ",\"ok\":false,\"detail\":" + quoted(text.toString()) + "}");
    }
  }

  static void same(Object got, Object wanted) {
    if (!String.valueOf(got).equals(String.valueOf(wanted))) throw new AssertionError(got + " and not " + wanted);
  }

  @Entity(name = "Publisher")
  @Table(name = "publishers")
  public static class Publisher {
    @Id @GeneratedValue(strategy = GenerationType.IDENTITY) Long id;
    @Column(nullable = false, unique = true, length = 100) String name;
    @OneToMany(mappedBy = "publisher", cascade = CascadeType.ALL) List<Title> titles = new ArrayList<>();
    public Publisher() {}
    Publisher(String name) { this.name = name; }
    public String getName() { return name; }
  }

  @Entity(name = "Title")
  @Table(name = "titles")
  public static class Title {
    @Id @GeneratedValue(strategy = GenerationType.IDENTITY) Long id;
    @ManyToOne(fetch = jakarta.persistence.FetchType.LAZY) Publisher publisher;
    @Column(nullable = false, length = 200) String name;
    @Column(precision = 10, scale = 2) BigDecimal price;
    @Version int version;
    Instant added;
    @Column(nullable = false) boolean sold;
    public Title() {}
    Title(Publisher publisher, String name, String price) {
      this.publisher = publisher;
      this.name = name;
      this.price = new BigDecimal(price);
      this.added = Instant.parse("2024-05-06T07:08:09.123456Z");
    }
  }

  @Entity(name = "Made")
  @Table(name = "made")
  public static class Made {
    @Id @GeneratedValue(strategy = GenerationType.IDENTITY) Long id;
    @Column(unique = true) String code;
    double weight;
    byte[] bytes;
    public Made() {}
  }

  static SessionFactory factory(String mode, Class<?>... entities) {
    var config = new Configuration();
    for (var entity : entities) config.addAnnotatedClass(entity);
    config.setProperty("hibernate.connection.url", address);
    config.setProperty("hibernate.connection.username", user);
    config.setProperty("hibernate.connection.password", password);
    config.setProperty("hibernate.hbm2ddl.auto", mode);
    config.setProperty("hibernate.jdbc.batch_size", "20");
    return config.buildSessionFactory();
  }

  static Flyway flyway() {
    return Flyway.configure().dataSource(address, user, password).locations("filesystem:" + migrations).load();
  }

  public static void main(String[] given) {
    address = "jdbc:postgresql://" + given[0] + "/" + given[1] + "?sslmode=disable";
    user = given[1];
    password = given[2];
    migrations = given[3];
    Thread.currentThread().setContextClassLoader(Checks.class.getClassLoader());
    java.util.logging.LogManager.getLogManager().reset();
    told("Flyway migrates, and finds nothing to do the second time", () -> {
      same(flyway().migrate().migrationsExecuted, 3);
      same(flyway().migrate().migrationsExecuted, 0);
      flyway().validate();
      same(flyway().info().current().getVersion(), "3");
    });
    told("Hibernate finds the tables as its entities have them", () -> factory("validate", Publisher.class, Title.class).close());
    told("Hibernate makes tables, and changes them", () -> {
      factory("update", Made.class).close();
      try (var factory = factory("update", Made.class)) {
        factory.inTransaction(session -> {
          var made = new Made();
          made.code = "a";
          made.weight = 0.1;
          made.bytes = new byte[] {0, -1};
          session.persist(made);
        });
        factory.inSession(session -> {
          var found = session.createQuery("from Made where code = 'a'", Made.class).getSingleResult();
          same(found.weight + " " + found.bytes[1] + " " + found.id, "0.1 -1 1");
        });
      }
    });
    told("rows are created in batches, joined, paged, summed and deleted", () -> {
      try (var factory = factory("none", Publisher.class, Title.class)) {
        factory.inTransaction(session -> {
          var publisher = new Publisher("third");
          for (int at = 0; at < 50; at += 1) publisher.titles.add(new Title(publisher, "title " + at, at + ".50"));
          session.persist(publisher);
        });
        factory.inTransaction(session -> {
          var page = session.createQuery("select t.name from Title t join t.publisher p where p.name = :name order by t.price desc", String.class)
              .setParameter("name", "third").setFirstResult(10).setMaxResults(2).getResultList();
          same(page, "[title 39, title 38]");
          var sums = session.createQuery("select p.name, count(t), sum(t.price) from Publisher p left join p.titles t group by p.name order by p.name", Object[].class).getResultList();
          same(sums.size(), 3);
          same(sums.get(2)[1] + " " + sums.get(2)[2], "50 1250.00");
          var found = session.createQuery("from Title where name = 'title 7'", Title.class).getSingleResult();
          same(found.added, "2024-05-06T07:08:09.123456Z");
          same(found.publisher.getName(), "third");
          same(session.createMutationQuery("delete from Title where price > 25").executeUpdate(), 25);
          same(session.createMutationQuery("update Title set sold = true where price < 5").executeUpdate(), 5);
        });
      }
    });
    told("a row that another changed is not overwritten", () -> {
      try (var factory = factory("none", Publisher.class, Title.class); var session = factory.openSession()) {
        session.beginTransaction();
        var own = session.createQuery("from Title where name = 'title 3'", Title.class).getSingleResult();
        session.getTransaction().commit();
        factory.inTransaction(other -> other.find(Title.class, own.id).price = new BigDecimal("9.99"));
        session.beginTransaction();
        own.price = new BigDecimal("1.11");
        try {
          session.getTransaction().commit();
        } catch (OptimisticLockException expected) {
          factory.inSession(other -> same(other.find(Title.class, own.id).price, "9.99"));
          return;
        }
        throw new AssertionError("it was overwritten");
      }
    });
    told("a unique name and a reference are kept", () -> {
      try (var factory = factory("none", Publisher.class, Title.class)) {
        for (var statement : Map.of("insert into publishers (name) values ('first')", "23505", "insert into titles (name, publisher_id) values ('x', 99)", "23503").entrySet())
          try {
            factory.inTransaction(session -> session.createNativeMutationQuery(statement.getKey()).executeUpdate());
            throw new AssertionError(statement.getKey());
          } catch (ConstraintViolationException refused) {
            same(refused.getSQLState(), statement.getValue());
          }
      }
    });
  }
}
