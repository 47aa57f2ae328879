// Version 5 hands the answer in a popup or frame to the application; older versions read it from here themselves.
if (config.major >= 5) msalRedirectBridge.broadcastResponseToMainFrame();
