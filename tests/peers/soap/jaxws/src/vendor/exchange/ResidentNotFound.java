// SPDX-License-Identifier: Apache-2.0
package vendor.exchange;

import javax.xml.ws.WebFault;

/** The declared fault. */
@WebFault(name = "residentNotFound", targetNamespace = ExchangeService.NAMESPACE)
public class ResidentNotFound extends Exception {
    private final transient Types.NotFound info;

    public ResidentNotFound(String message, Types.NotFound info) {
        super(message);
        this.info = info;
    }

    public Types.NotFound getFaultInfo() {
        return info;
    }
}
