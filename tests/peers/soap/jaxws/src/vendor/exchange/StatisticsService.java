// SPDX-License-Identifier: Apache-2.0
package vendor.exchange;

import java.util.List;
import java.util.Objects;
import javax.jws.WebMethod;
import javax.jws.WebParam;
import javax.jws.WebService;
import javax.jws.soap.SOAPBinding;
import javax.xml.datatype.XMLGregorianCalendar;
import javax.xml.ws.Holder;

/** The figures, code first; rpc/literal. A parameter cannot say which of the date types it is. */
@WebService(serviceName = "StatisticsService", portName = "StatisticsPort", targetNamespace = ExchangeService.NAMESPACE)
@SOAPBinding(style = SOAPBinding.Style.RPC)
public class StatisticsService {
    private final Register register;

    StatisticsService(Register register) {
        this.register = register;
    }

    @WebMethod(operationName = "CountResidents", action = ExchangeService.NAMESPACE + "/CountResidents")
    public void countResidents(
            @WebParam(name = "area", partName = "area") String area,
            @WebParam(name = "asOf", partName = "asOf") XMLGregorianCalendar asOf,
            @WebParam(name = "count", partName = "count", mode = WebParam.Mode.OUT) Holder<Integer> count,
            @WebParam(name = "households", partName = "households", mode = WebParam.Mode.OUT) Holder<Integer> households) {
        List<Types.Resident> found = register.of(area);
        count.value = found.size();
        households.value = (int) found.stream().map(each -> each.householdNumber).filter(Objects::nonNull).distinct().count();
    }

    @WebMethod(operationName = "Refresh", action = ExchangeService.NAMESPACE + "/Refresh")
    public void refresh() {}
}
