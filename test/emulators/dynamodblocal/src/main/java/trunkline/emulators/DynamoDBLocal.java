package trunkline.emulators;

import com.amazonaws.services.dynamodbv2.local.server.LocalDynamoDBRequestHandler;
import com.amazonaws.services.dynamodbv2.local.server.LocalDynamoDBServerHandler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ContextHandler;

/**
 * AWS's DynamoDB Local in memory, on a free port of loopback: its own main listens on all interfaces. Prints "listening PORT", and ends
 * with its standard input.
 */
public final class DynamoDBLocal {
  public static void main(String[] args) throws Exception {
    // One database for all credentials and regions, so that the access key can tell who writes.
    var requests = new LocalDynamoDBRequestHandler(0, true, null, true, false);
    var server = new Server();
    var connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    server.setHandler(new ContextHandler(new LocalDynamoDBServerHandler(requests, null), "/"));
    server.start();
    System.out.println("listening " + connector.getLocalPort());
    while (System.in.read() >= 0) {
      // Nothing is expected: a test that was killed closes it.
    }
    System.exit(0);
  }
}
