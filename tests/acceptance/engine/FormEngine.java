import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.javarosa.core.model.Constants;
import org.javarosa.core.model.CoreModelModule;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.FormIndex;
import org.javarosa.core.model.SelectChoice;
import org.javarosa.core.model.ValidateOutcome;
import org.javarosa.core.model.data.AnswerDataFactory;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.data.SelectMultiData;
import org.javarosa.core.model.data.SelectOneData;
import org.javarosa.core.model.data.StringData;
import org.javarosa.core.model.data.UncastData;
import org.javarosa.core.model.data.helper.Selection;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.reference.Reference;
import org.javarosa.core.reference.ReferenceFactory;
import org.javarosa.core.reference.ReferenceManager;
import org.javarosa.core.services.IPropertyManager;
import org.javarosa.core.services.PropertyManager;
import org.javarosa.core.services.PrototypeManager;
import org.javarosa.core.services.properties.IPropertyRules;
import org.javarosa.form.api.FormEntryController;
import org.javarosa.form.api.FormEntryModel;
import org.javarosa.form.api.FormEntryPrompt;
import org.javarosa.model.xform.XFormSerializingVisitor;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.xform.util.XFormUtils;

/**
 * The form engine of ODK Collect behind a pipe: one JSON request a line on stdin, one JSON answer a
 * line on stdout. Requests: open, next, answer, repeat, finish. It decides nothing; engine.py does.
 */
public final class FormEngine {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, String> MEDIA = new HashMap<>();
    private static final Map<String, String> PROPERTIES = new HashMap<>();
    private static final Map<Integer, String> CONTROLS =
        Map.of(
            Constants.CONTROL_INPUT, "input",
            Constants.CONTROL_SELECT_ONE, "select_one",
            Constants.CONTROL_SELECT_MULTI, "select_multiple",
            Constants.CONTROL_RANGE, "range",
            Constants.CONTROL_TRIGGER, "trigger",
            Constants.CONTROL_IMAGE_CHOOSE, "image",
            Constants.CONTROL_UPLOAD, "file",
            Constants.CONTROL_RANK, "rank");
    private static final Map<Integer, String> TYPES =
        Map.of(
            Constants.DATATYPE_TEXT, "string",
            Constants.DATATYPE_INTEGER, "int",
            Constants.DATATYPE_DECIMAL, "decimal",
            Constants.DATATYPE_DATE, "date",
            Constants.DATATYPE_TIME, "time",
            Constants.DATATYPE_DATE_TIME, "dateTime",
            Constants.DATATYPE_GEOPOINT, "geopoint",
            Constants.DATATYPE_BINARY, "binary");

    private FormDef form;
    private FormEntryModel model;
    private FormEntryController controller;

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = new PrintStream(new FileOutputStream(java.io.FileDescriptor.out), true, "UTF-8");
        System.setOut(System.err); // JavaRosa prints; stdout carries answers only
        new XFormsModule().registerModule();
        PrototypeManager.registerPrototypes(CoreModelModule.classNames);
        PropertyManager.setPropertyManager(new DeviceProperties());
        ReferenceManager.instance().addReferenceFactory(new MediaFactory());

        FormEngine engine = new FormEngine();
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            ObjectNode answer;
            try {
                answer = engine.handle(JSON.readTree(line));
            } catch (Exception | StackOverflowError problem) {
                answer = JSON.createObjectNode();
                answer.put("error", problem.getClass().getSimpleName() + ": " + problem.getMessage());
            }
            answers.println(JSON.writeValueAsString(answer));
        }
    }

    private ObjectNode handle(JsonNode request) throws Exception {
        switch (request.get("do").asText()) {
            case "open": return open(request);
            case "next": controller.stepToNextEvent(); return event();
            case "answer": return answer(request.get("value"));
            case "repeat": controller.newRepeat(); return event();
            case "finish": return finish();
            default: throw new IllegalArgumentException("unknown request");
        }
    }

    private ObjectNode open(JsonNode request) throws Exception {
        MEDIA.clear();
        request.get("media").fields().forEachRemaining(file -> MEDIA.put(file.getKey(), file.getValue().asText()));
        PROPERTIES.clear();
        request.get("properties").fields().forEachRemaining(p -> PROPERTIES.put(p.getKey(), p.getValue().asText()));
        form = XFormUtils.getFormFromFormXml(request.get("form").asText(), "jr://file/last-saved.xml");
        form.initialize(true, new InstanceInitializationFactory());
        model = new FormEntryModel(form);
        controller = new FormEntryController(model);
        controller.jumpToIndex(FormIndex.createBeginningOfFormIndex());
        return event();
    }

    private ObjectNode event() {
        ObjectNode event = JSON.createObjectNode();
        FormIndex index = model.getFormIndex();
        switch (model.getEvent()) {
            case FormEntryController.EVENT_BEGINNING_OF_FORM: return event.put("event", "begin");
            case FormEntryController.EVENT_END_OF_FORM: return event.put("event", "end");
            case FormEntryController.EVENT_QUESTION: return question(event, index);
            case FormEntryController.EVENT_GROUP: event.put("event", "group"); break;
            case FormEntryController.EVENT_REPEAT: event.put("event", "repeat"); break;
            case FormEntryController.EVENT_PROMPT_NEW_REPEAT: event.put("event", "new_repeat"); break;
            default: throw new IllegalStateException("unexpected event");
        }
        event.put("count", model.getEvent() == FormEntryController.EVENT_GROUP ? 0 : form.getNumRepetitions(index));
        return event.put("path", index.getReference().toString(true));
    }

    private ObjectNode question(ObjectNode event, FormIndex index) {
        FormEntryPrompt prompt = model.getQuestionPrompt();
        event.put("event", "question").put("path", index.getReference().toString(true));
        event.put("control", CONTROLS.getOrDefault(prompt.getControlType(), "other"));
        event.put("type", TYPES.getOrDefault(prompt.getDataType(), "other"));
        event.put("label", prompt.getQuestionText()).put("hint", prompt.getHelpText());
        event.put("required", prompt.isRequired()).put("readonly", prompt.isReadOnly());
        event.put("appearance", prompt.getAppearanceHint());
        IAnswerData value = prompt.getAnswerValue();
        event.put("answer", value == null ? null : value.uncast().getString());
        ArrayNode choices = event.putArray("choices");
        if (isSelect(prompt)) {
            for (SelectChoice choice : prompt.getSelectChoices()) {
                choices.addObject().put("value", choice.getValue()).put("label", prompt.getSelectChoiceText(choice));
            }
        }
        return event;
    }

    private ObjectNode answer(JsonNode value) {
        FormEntryPrompt prompt = model.getQuestionPrompt();
        IAnswerData data = value.isNull() ? null : parse(prompt, value.asText());
        ObjectNode answer = JSON.createObjectNode();
        switch (controller.answerQuestion(data, true)) {
            case FormEntryController.ANSWER_OK: return answer.put("outcome", "ok");
            case FormEntryController.ANSWER_REQUIRED_BUT_EMPTY: return answer.put("outcome", "required");
            default: return answer.put("outcome", "constraint").put("message", prompt.getConstraintText(data));
        }
    }

    private static IAnswerData parse(FormEntryPrompt prompt, String text) {
        if (isSelect(prompt)) {
            List<Selection> chosen = new ArrayList<>();
            for (String wanted : text.split(" ")) {
                SelectChoice found = prompt.getSelectChoices().stream()
                    .filter(choice -> choice.getValue().equals(wanted)).findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("not among the choices"));
                chosen.add(found.selection());
            }
            return prompt.getControlType() == Constants.CONTROL_SELECT_ONE
                ? new SelectOneData(chosen.get(0)) : new SelectMultiData(chosen);
        }
        if (prompt.getDataType() == Constants.DATATYPE_BINARY) return new StringData(text);
        return AnswerDataFactory.templateByDataType(prompt.getDataType()).cast(new UncastData(text));
    }

    private ObjectNode finish() throws Exception {
        ObjectNode answer = JSON.createObjectNode();
        ValidateOutcome refused = form.validate();
        if (refused != null) {
            controller.jumpToIndex(refused.failedPrompt);
            FormEntryPrompt prompt = model.getQuestionPrompt();
            boolean required = refused.outcome == FormEntryController.ANSWER_REQUIRED_BUT_EMPTY;
            return answer.put("valid", false).put("path", refused.failedPrompt.getReference().toString(true))
                .put("outcome", required ? "required" : "constraint")
                .put("message", required ? null : prompt.getConstraintText(prompt.getAnswerValue()));
        }
        form.postProcessInstance();
        byte[] xml = new XFormSerializingVisitor().serializeInstance(form.getMainInstance());
        return answer.put("valid", true).put("xml", new String(xml, StandardCharsets.UTF_8));
    }

    private static boolean isSelect(FormEntryPrompt prompt) {
        return prompt.getControlType() == Constants.CONTROL_SELECT_ONE
            || prompt.getControlType() == Constants.CONTROL_SELECT_MULTI;
    }

    /** jr://file-csv/cases.csv and its like, found among the media of the form at hand. */
    private static final class MediaFactory implements ReferenceFactory {
        @Override public boolean derives(String uri) { return uri.startsWith("jr://"); }

        @Override public Reference derive(String uri) { return new MediaFile(uri); }

        @Override public Reference derive(String uri, String context) { return new MediaFile(uri); }
    }

    private static final class MediaFile implements Reference {
        private final String uri;

        MediaFile(String uri) { this.uri = uri; }

        private String path() {
            return MEDIA.getOrDefault(uri.substring(uri.lastIndexOf('/') + 1), "/nonexistent");
        }

        @Override public boolean doesBinaryExist() { return new File(path()).exists(); }

        @Override public InputStream getStream() throws java.io.IOException { return new FileInputStream(path()); }

        @Override public String getURI() { return uri; }

        @Override public String getLocalURI() { return path(); }

        @Override public boolean isReadOnly() { return true; }

        @Override public OutputStream getOutputStream() { throw new UnsupportedOperationException(); }

        @Override public void remove() { throw new UnsupportedOperationException(); }

        @Override public Reference[] probeAlternativeReferences() { return new Reference[0]; }
    }

    /** What the phone knows of itself and its user: username, deviceid, phonenumber. */
    private static final class DeviceProperties implements IPropertyManager {
        @Override public List<String> getProperty(String name) { return List.of(PROPERTIES.getOrDefault(name, "")); }

        @Override public String getSingularProperty(String name) { return PROPERTIES.get(name); }

        @Override public void setProperty(String name, String value) { PROPERTIES.put(name, value); }

        @Override public void setProperty(String name, List<String> value) { PROPERTIES.put(name, value.get(0)); }

        @Override public void addRules(IPropertyRules rules) {}

        @Override public List<IPropertyRules> getRules() { return List.of(); }
    }
}
