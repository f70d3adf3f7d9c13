package trunkline.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import software.amazon.event.ruler.JsonRuleCompiler;
import software.amazon.event.ruler.Machine;

/**
 * Answers event-pattern cases with event-ruler, the matcher that EventBridge is built on.
 *
 * <p>Standard input: JSON lines {"id", "pattern", "event"}; pattern and event are strings that hold JSON text, so that number text
 * and repeated names reach the matcher as they were written. Standard output, a line each: {"id", "match": true|false}, or {"id",
 * "invalid": "why the pattern does not compile"}, or {"id", "error": "why the event cannot be matched"}.
 *
 * <p>Each pattern has a machine of its own. Patterns are compiled as the service does today; the machine's second attempt, in
 * which "$or" is an ordinary name, is not made.
 */
public final class RulerOracle {
    public static void main(String[] args) throws IOException {
        ObjectMapper json = new ObjectMapper();
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
                BufferedWriter out = new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8))) {
            for (String line; (line = in.readLine()) != null; ) {
                JsonNode test = json.readTree(line);
                ObjectNode answer = json.createObjectNode();
                answer.set("id", test.get("id"));
                decide(test.get("pattern").textValue(), test.get("event").textValue(), answer);
                out.write(json.writeValueAsString(answer));
                out.newLine();
                if (!in.ready()) {
                    out.flush();
                }
            }
        }
    }

    private static void decide(String pattern, String event, ObjectNode answer) {
        String fault = JsonRuleCompiler.check(pattern);
        if (fault != null) {
            answer.put("invalid", fault);
            return;
        }
        try {
            Machine machine = new Machine();
            machine.addRule("pattern", pattern);
            answer.put("match", !machine.rulesForJSONEvent(event).isEmpty());
        } catch (Exception e) {
            answer.put("error", String.valueOf(e));
        }
    }
}
